using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Stores;

public abstract partial class StoreContract
{
    [ServerFact]
    public void Given_two_processes_When_the_second_takes_over_Then_the_first_is_fenced_by_name_of_the_shards_and_writes_nothing()
    {
        var first = Node.Owning(Database.Open(), "node-a", 1, 2, 3);
        first.Write(1, "vm-a");

        var second = Node.Owning(Database.Open(), "node-b", 1, 3);
        var outcome = first.Append(first.Draft().Event(1, "vm-a").Event(2, "vm-b").Event(3, "vm-c").Key("alice", "k").Build());

        Assert.Equal([1, 3], Assert.IsType<AppendOutcome.Fenced>(outcome).Shards.Order());
        Assert.Single(Everything(second.Store));
        Assert.Null(second.Store.FindIdempotent("alice", "k"));
        second.Write(1, "vm-a");
        first.Write(2, "vm-b"); // the shard it still has goes on
    }

    [ServerFact]
    public void Given_a_fenced_process_When_it_takes_over_again_Then_the_other_is_fenced_and_nothing_is_lost_between_them()
    {
        var first = Node.Owning(Database.Open(), "node-a", 1);
        first.Write(1, "vm-a", "one");
        var second = Node.Owning(Database.Open(), "node-b", 1);
        second.Write(1, "vm-a", "two");

        first.TakeOver(1);

        Assert.IsType<AppendOutcome.Fenced>(second.Append(second.Draft().Event(1, "vm-a").Build()));
        Assert.Equal(2, first.VersionOf("vm-a"));
        first.Write(1, "vm-a", "three");
        Assert.Equal([1L, 2, 3], Everything(second.Store).Select(e => e.Term.Value));
    }

    [ServerFact]
    public void Given_a_lease_that_is_not_the_stores_When_appended_Then_it_is_fenced_whatever_differs()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Write(1, "vm-a");
        var batch = node.Draft().Timer(1, "vm-a", Node.Noon, 1).Build();
        var lease = batch.Leases[0];
        ShardLease[] others =
            [lease with { Term = lease.Term.Next }, lease with { Term = new Term(0) }, lease with { Owner = "node-b" }, lease with { Seq = 0 }, lease with { Seq = 2 }];

        foreach (var other in others)
        {
            Assert.Equal([1], Assert.IsType<AppendOutcome.Fenced>(node.Store.Append(batch with { Leases = [other] })).Shards);
        }

        Assert.Null(node.Store.Load("vm-a")!.TimerDue);
    }

    [ServerFact]
    public void Given_a_fenced_shard_and_a_conflict_at_once_When_appended_Then_the_fence_is_told()
    {
        var first = Node.Owning(Database.Open(), "node-a", 1);
        first.Write(1, "vm-a");
        _ = Node.Owning(Database.Open(), "node-b", 1);

        var outcome = first.Append(first.Draft().Expecting(1, "vm-a", 0).Event(1, "vm-a").Build());

        Assert.IsType<AppendOutcome.Fenced>(outcome);
    }

    [ServerFact]
    public void Given_a_takeover_by_the_same_name_When_the_old_lease_appends_Then_it_is_fenced()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        var late = node.Draft().Event(1, "vm-a").Build();

        node.TakeOver(1);

        Assert.IsType<AppendOutcome.Fenced>(node.Store.Append(late));
    }

    [ServerFact]
    public void Given_a_shard_that_does_not_exist_When_taken_over_Then_it_is_refused_and_no_term_is_raised()
    {
        var store = Database.Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => store.TakeOver([1, StoreUnderTest.ShardCount], "node-a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.TakeOver([-1], "node-a"));

        Assert.Equal(new Term(1), store.TakeOver([1], "node-a")[0].Term);
    }
}
