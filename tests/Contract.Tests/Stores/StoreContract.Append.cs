using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Stores;

public abstract partial class StoreContract
{
    [ServerTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Given_a_stream_at_version_two_When_another_version_is_expected_Then_it_is_a_conflict_and_nothing_is_written(int expected)
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        node.Append(node.Draft().Event(1, "vm-a").Event(1, "vm-a").Build());

        var outcome = node.Append(node.Draft().Event(2, "vm-innocent").Expecting(1, "vm-a", expected).Event(1, "vm-a").Build());

        Assert.Equal(["vm-a"], Assert.IsType<AppendOutcome.Conflict>(outcome).Streams);
        Assert.Equal(2, Everything(node.Store).Count);
        Assert.Null(node.Store.Load("vm-innocent"));
        node.Write(1, "vm-a"); // the shard's sequence was not used up
    }

    [ServerFact]
    public void Given_several_streams_that_moved_on_When_a_batch_expects_otherwise_Then_all_of_them_are_named()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        node.Append(node.Draft().Event(1, "vm-a").Event(1, "vm-b").Event(2, "vm-c").Build());

        var outcome = node.Append(node.Draft()
            .Expecting(1, "vm-a", 0).Event(1, "vm-a").Event(1, "vm-b").Expecting(2, "vm-c", 7).Event(2, "vm-c").Expecting(2, "vm-unknown", 4).Event(2, "vm-unknown")
            .Build());

        Assert.Equal(["vm-a", "vm-c", "vm-unknown"], Assert.IsType<AppendOutcome.Conflict>(outcome).Streams.Order());
    }

    [ServerFact]
    public void Given_a_stream_of_one_shard_When_another_shard_appends_to_it_Then_it_is_a_conflict()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        node.Write(1, "vm-a");

        Assert.IsType<AppendOutcome.Conflict>(node.Append(node.Draft().Event(2, "vm-a").Build()));
        Assert.IsType<AppendOutcome.Conflict>(node.Append(node.Draft().Expecting(2, "vm-a", 0).Event(2, "vm-a").Build()));
        Assert.Single(Everything(node.Store));
    }

    [ServerFact]
    public void Given_a_key_in_use_When_a_batch_brings_it_again_Then_the_stored_answer_comes_back_and_nothing_is_written()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a").Key("alice", "k1", "hash-1", "migration-1").Build());

        var outcome = node.Append(node.Draft().Event(1, "vm-b").Key("alice", "k2").Key("alice", "k1", "hash-2", "migration-2").Build());

        var stored = new IdempotencyRecord("alice", "k1", "hash-1", "migration-1", Node.Noon);
        Assert.Equal([stored], Assert.IsType<AppendOutcome.KeysTaken>(outcome).Keys);
        Assert.Equal(stored, node.Store.FindIdempotent("alice", "k1"));
        Assert.Null(node.Store.FindIdempotent("alice", "k2"));
        Assert.Single(Everything(node.Store));
    }

    [ServerFact]
    public void Given_a_refused_batch_with_a_new_stream_When_others_are_made_after_it_Then_their_events_do_not_mix()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a").Key("alice", "k").Build());
        Assert.IsType<AppendOutcome.KeysTaken>(node.Append(node.Draft().Event(1, "vm-refused").Key("alice", "k").Build()));

        node.Write(1, "vm-b", "b1");
        node.Write(1, "vm-refused", "r1");
        node.Write(1, "vm-b", "b2");
        node.Write(1, "vm-refused", "r2");

        Assert.Equal(["b1", "b2"], node.Store.ReadStream("vm-b", 0).Select(e => Decode(e.Body.ToArray())));
        Assert.Equal(["r1", "r2"], node.Store.ReadStream("vm-refused", 0).Select(e => Decode(e.Body.ToArray())));
    }

    [ServerFact]
    public void Given_a_closed_stream_When_appended_to_again_Then_it_goes_on_and_may_be_opened()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a").Close(1, "vm-a").Build());

        node.Write(1, "vm-a");

        Assert.Equal(2, Assert.Single(node.Store.LoadOpen(1)).Version);
    }

    [ServerFact]
    public void Given_a_key_of_one_principal_When_another_uses_the_same_Then_they_do_not_meet()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);

        node.Append(node.Draft().Event(1, "vm-a").Key("alice", "k", answer: "migration-1").Build());
        node.Append(node.Draft().Event(1, "vm-b").Key("bob", "k", answer: "migration-2").Build());

        Assert.Equal("migration-1", node.Store.FindIdempotent("alice", "k")!.Answer);
        Assert.Equal("migration-2", node.Store.FindIdempotent("bob", "k")!.Answer);
        Assert.Null(node.Store.FindIdempotent("carol", "k"));
    }

    [ServerFact]
    public void Given_old_and_new_keys_When_pruned_Then_only_the_older_are_forgotten_and_may_be_used_again()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a").Key("alice", "old", at: Node.Noon).Key("alice", "limit", at: Node.Noon.AddHours(1)).Build());

        node.Store.PruneIdempotent(Node.Noon.AddHours(1));

        Assert.Null(node.Store.FindIdempotent("alice", "old"));
        Assert.NotNull(node.Store.FindIdempotent("alice", "limit"));
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(1, "vm-a").Key("alice", "old").Build()));
    }

    [ServerFact]
    public void Given_a_large_batch_When_committed_Then_every_event_is_there_in_order()
    {
        var node = Node.Owning(Database.Open(), "node-a", 0, 1, 2, 3);
        var draft = node.Draft();
        for (var i = 0; i < 10_000; i++) draft.Event(i % 4, $"vm-{i % 100}", $"event {i}");

        Assert.IsType<AppendOutcome.Committed>(node.Append(draft.Build()));

        var events = Everything(node.Store, 777);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => Text(Node.Json($"event {i}"))), events.Select(e => Text(e.Body)));
        for (var shard = 0; shard < 4; shard++)
        {
            Assert.Equal(Enumerable.Range(1, 2_500).Select(n => (long)n), events.Where(e => e.Shard == shard).Select(e => e.Seq));
        }
    }

    [ServerFact]
    public void Given_an_event_of_a_mebibyte_When_committed_Then_it_comes_back_whole()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        var body = Node.Json(string.Concat(Enumerable.Repeat("0123456789abcde\n", 65_536)));

        node.Append(node.Draft().Event(1, "vm-a", body).Build());

        Assert.Equal(body, Assert.Single(node.Store.ReadStream("vm-a", 0)).Body.ToArray());
    }

    [ServerFact]
    public void Given_batches_that_contradict_themselves_When_appended_Then_each_is_refused_before_anything_is_written()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        var good = node.Draft().Event(1, "vm-a").Event(1, "vm-a").Key("alice", "k").Build();
        AppendBatch[] bad =
        [
            good with { Leases = [] },
            good with { Leases = [good.Leases[0], good.Leases[0]] },
            good with { Streams = [] },
            good with { Streams = [good.Streams[0], good.Streams[0]] },
            good with { Streams = [good.Streams[0] with { Version = 3 }] },
            good with { Streams = [good.Streams[0] with { Shard = 2 }], Leases = [.. good.Leases, node.Leases[2]] },
            good with { Events = [good.Events[1], good.Events[0]] },
            good with { Events = [good.Events[0], good.Events[1] with { Seq = 7 }] },
            good with { Events = [good.Events[0], good.Events[1] with { Version = 3 }] },
            good with { Keys = [good.Keys[0], good.Keys[0]] },
        ];

        foreach (var batch in bad) Assert.Throws<ArgumentException>(() => node.Store.Append(batch));

        Assert.Empty(Everything(node.Store));
        Assert.IsType<AppendOutcome.Committed>(node.Append(good));
    }
}
