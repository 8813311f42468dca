using Coordinator.Application.Store;

namespace Contract.Tests.Stores;

public abstract partial class StoreContract
{
    [ServerFact]
    public void Given_open_and_closed_streams_When_a_shard_is_loaded_Then_only_its_open_ones_come_with_all_their_events()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        node.Append(node.Draft().Event(1, "vm-a", "one").Event(1, "vm-a", "two").Event(1, "vm-closed").Event(2, "vm-elsewhere").Build());
        node.Append(node.Draft().Event(1, "vm-closed", "last").Close(1, "vm-closed").Build());

        var stream = Assert.Single(node.Store.LoadOpen(1));

        Assert.Equal(("vm-a", 1, 2, false), (stream.Stream, stream.Shard, stream.Version, stream.Closed));
        Assert.Null(stream.Snapshot);
        Assert.Equal(["one", "two"], stream.Tail.Select(e => e.Body.ToArray()).Select(Decode));
        var closed = node.Store.Load("vm-closed")!;
        Assert.True(closed.Closed);
        Assert.Equal([1, 2], closed.Tail.Select(e => e.Version));
        Assert.Null(node.Store.Load("vm-unknown"));
    }

    [ServerFact]
    public void Given_a_snapshot_When_loaded_Then_it_comes_with_the_events_after_it_and_without_it_with_all_of_them()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a", "one").Snapshot(1, "vm-a", "early").Build());
        node.Append(node.Draft().Event(1, "vm-a", "two").Event(1, "vm-a", "three").Snapshot(1, "vm-a", "state").Build());
        node.Write(1, "vm-a", "four");

        var loaded = node.Store.Load("vm-a")!;
        Assert.Equal(("state", 3, 4), (Decode(loaded.Snapshot!.Value.ToArray()), loaded.SnapshotVersion, loaded.Version));
        Assert.Equal([4], loaded.Tail.Select(e => e.Version));
        Assert.Equal([4], Assert.Single(node.Store.LoadOpen(1)).Tail.Select(e => e.Version));

        Database.DeleteSnapshots();

        var whole = Assert.Single(node.Store.LoadOpen(1));
        Assert.Null(whole.Snapshot);
        Assert.Equal((0, 4), (whole.SnapshotVersion, whole.Version));
        Assert.Equal([1, 2, 3, 4], whole.Tail.Select(e => e.Version));
    }

    [ServerFact]
    public void Given_a_timer_When_set_replaced_and_cleared_Then_loading_tells_the_last_word()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);

        node.Append(node.Draft().Event(1, "vm-a").Timer(1, "vm-a", Node.Noon, 7).Build());
        Assert.Equal((Node.Noon, 7L), Timer(node));

        node.Append(node.Draft().Timer(1, "vm-a", Node.Noon.AddSeconds(1), long.MaxValue).Build()); // without an event
        Assert.Equal((Node.Noon.AddSeconds(1), long.MaxValue), Timer(node));

        node.Write(1, "vm-a");
        Assert.Equal((null, 0L), Timer(node));
    }

    [ServerFact]
    public void Given_many_open_streams_When_a_shard_is_loaded_Then_each_comes_once()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        var draft = node.Draft();
        for (var i = 0; i < 1_000; i++) draft.Event(1, $"vm-{i}");
        node.Append(draft.Build());

        var loaded = node.Store.LoadOpen(1).ToList();

        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"vm-{i}").Order(), loaded.Select(s => s.Stream).Order());
        Assert.All(loaded, s => Assert.Single(s.Tail));
    }

    [ServerFact]
    public void Given_a_long_stream_When_read_after_a_version_Then_the_rest_comes_in_order()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        var draft = node.Draft();
        for (var i = 0; i < 2_500; i++) draft.Event(1, "host-a").Event(1, "host-b");
        node.Append(draft.Build());

        Assert.Equal(Enumerable.Range(1, 2_500), node.Store.ReadStream("host-a", 0).Select(e => e.Version));
        Assert.Equal(Enumerable.Range(2_001, 500), node.Store.ReadStream("host-a", 2_000).Select(e => e.Version));
        Assert.Empty(node.Store.ReadStream("host-a", 2_500));
        Assert.Empty(node.Store.ReadStream("host-unknown", 0));
    }

    [ServerFact]
    public void Given_a_position_When_more_is_committed_Then_reading_on_gives_exactly_the_rest()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        for (var i = 0; i < 5; i++) node.Write(1 + (i % 2), $"vm-{i}");
        var first = node.Store.ReadAll(StorePosition.Start, 3);
        for (var i = 5; i < 8; i++) node.Write(1 + (i % 2), $"vm-{i}");

        var rest = node.Store.ReadAll(first[^1].Position, 100);

        Assert.Equal(["vm-0", "vm-1", "vm-2"], first.Select(e => e.Stream));
        Assert.Equal(["vm-3", "vm-4", "vm-5", "vm-6", "vm-7"], rest.Select(e => e.Stream));
        Assert.Empty(node.Store.ReadAll(rest[^1].Position, 100));
    }

    [ServerFact]
    public void Given_committed_events_When_scanned_Then_the_same_are_shown_in_the_same_order_and_the_position_leads_on()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        for (var i = 0; i < 7; i++) node.Write(1 + (i % 2), $"vm-{i % 2}", $"body {i}");
        List<string> shown = [];
        void Show(ScannedEvent e) => shown.Add($"{e.Shard} {e.Seq} {e.Term} {e.Stream}@{e.Version} {e.Type} {e.SchemaVersion} {e.At:O} {Decode(e.Body.ToArray())}");

        var first = node.Store.Scan(StorePosition.Start, 3, Show);
        var rest = node.Store.Scan(first.Position, 100, Show);
        var end = node.Store.Scan(rest.Position, 100, Show);

        Assert.Equal((3, 4, 0), (first.Count, rest.Count, end.Count));
        Assert.Equal(rest.Position, end.Position);
        Assert.Equal(
            node.Store.ReadAll(StorePosition.Start, 100).Select(e => $"{e.Shard} {e.Seq} {e.Term} {e.Stream}@{e.Version} {e.Type} {e.SchemaVersion} {e.At:O} {Decode(e.Body.ToArray())}"),
            shown);
    }

    [ServerFact]
    public void Given_a_visitor_that_fails_When_scanned_Then_its_error_comes_out_and_the_store_reads_on()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Write(1, "vm-a");

        Assert.Throws<InvalidOperationException>(() => node.Store.Scan(StorePosition.Start, 10, _ => throw new InvalidOperationException()));

        Assert.Equal(1, node.Store.Scan(StorePosition.Start, 10, _ => { }).Count);
        Assert.Single(node.Store.ReadAll(StorePosition.Start, 10));
    }

    [ServerFact]
    public void Given_a_limit_or_position_that_makes_no_sense_When_reading_all_Then_it_is_refused()
    {
        var store = Database.Open();

        Assert.Throws<ArgumentOutOfRangeException>(() => store.ReadAll(StorePosition.Start, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.ReadAll(StorePosition.Start, 10_001));
        Assert.Throws<ArgumentException>(() => store.ReadAll(new StorePosition("not of this store"), 1));
    }

    [ServerFact]
    public async Task Given_a_reader_on_another_thread_When_batches_are_committed_Then_it_sees_each_whole_and_nothing_out_of_order()
    {
        const int batches = 200;
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);

        var reader = Task.Run(() => Follow(node.Store, batches * 3));
        for (var i = 0; i < batches; i++)
        {
            Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(1, "vm-a").Event(2, "vm-b").Event(1, "vm-a").Build()));
        }

        var seen = await reader.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(Everything(node.Store).Select(e => e.Id), seen);
    }

    /// <summary>Reads on from where it is until it has seen so many events; between, what is loaded must agree with itself.</summary>
    private static List<string> Follow(IEventStore store, int events)
    {
        var seen = new List<string>();
        var position = StorePosition.Start;
        while (seen.Count < events)
        {
            var read = store.ReadAll(position, 50);
            if (read.Count > 0) position = read[^1].Position;
            seen.AddRange(read.Select(e => e.Id));
            if (store.Load("vm-a") is { } stream)
            {
                Assert.Equal(0, stream.Version % 2); // a batch adds two
                Assert.Equal(Enumerable.Range(1, stream.Version), stream.Tail.Select(e => e.Version));
            }
        }

        return seen;
    }

    private static (DateTimeOffset? Due, long Token) Timer(Node node)
    {
        var loaded = Assert.Single(node.Store.LoadOpen(1));
        return (loaded.TimerDue, loaded.TimerToken);
    }

    private static string Decode(byte[] json) => System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("text").GetString()!;
}
