using System.Text;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Stores;

/// <summary>
/// What every event store promises (<see cref="IEventStore"/>). A new adapter derives from this class, brings its <see cref="StoreUnderTest"/>,
/// and adds its own tests for how its disk or its connection fails.
/// </summary>
public abstract partial class StoreContract : IDisposable
{
    private StoreUnderTest? _database;

    protected StoreUnderTest Database => _database ??= CreateDatabase();

    protected abstract StoreUnderTest CreateDatabase();

    public void Dispose()
    {
        _database?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    private static List<StoredEvent> Everything(IEventStore store, int page = 1_000)
    {
        var events = new List<StoredEvent>();
        var position = StorePosition.Start;
        while (store.ReadAll(position, page) is { Count: > 0 } read)
        {
            Assert.True(read.Count <= page);
            events.AddRange(read);
            position = read[^1].Position;
        }

        return events;
    }

    [ServerFact]
    public void Given_a_new_database_When_shards_are_taken_over_Then_terms_begin_at_one_and_sequences_at_zero()
    {
        var store = Database.Open();

        var leases = store.TakeOver([0, 3, 15], "node-a");

        Assert.Equal(StoreUnderTest.ShardCount, store.ShardCount);
        Assert.Equal([new ShardLease(0, new Term(1), "node-a", 0), new(3, new Term(1), "node-a", 0), new(15, new Term(1), "node-a", 0)], leases);
        Assert.Empty(store.LoadOpen(3));
        Assert.Empty(store.ReadAll(StorePosition.Start, 10));
    }

    [ServerFact]
    public void Given_a_committed_event_When_it_is_read_Then_its_whole_envelope_is_there()
    {
        var node = Node.Owning(Database.Open(), "node-a", 5);
        node.TakeOver(5);
        node.Write(5, "vm-other");
        var body = Encoding.UTF8.GetBytes("""{"name":"Zoë 🚚 \u0000","n":1.50}""");

        var outcome = node.Append(node.Draft().Event(5, "vm-a", body).Build());

        var position = Assert.IsType<AppendOutcome.Committed>(outcome).Position;
        var e = Assert.Single(node.Store.ReadStream("vm-a", 0));
        Assert.Equal(("vm-a@1", 5, 2L, new Term(2), "vm-a", 1), (e.Id, e.Shard, e.Seq, e.Term, e.Stream, e.Version));
        Assert.Equal(("SomethingHappened", 1, Node.Noon, position), (e.Type, e.SchemaVersion, e.At, e.Position));
        Assert.Equal(body, e.Body.ToArray());
        Assert.Equal(Node.Json("meta of vm-a"), e.Meta.ToArray());
    }

    [ServerFact]
    public void Given_some_batches_When_the_database_is_opened_again_Then_all_of_it_is_there_and_goes_on()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1, 2);
        node.Append(node.Draft().Event(1, "vm-a", "one").Event(1, "vm-a", "two").Event(2, "vm-b", "one").Build());
        node.Write(1, "vm-a", "three");
        Database.CloseAll();

        var again = Node.Owning(Database.Open(), "node-a", 1, 2);

        Assert.Equal(new ShardLease(1, new Term(2), "node-a", 3), again.Leases[1]);
        Assert.Equal(new ShardLease(2, new Term(2), "node-a", 1), again.Leases[2]);
        again.Write(1, "vm-a", "four");
        Assert.Equal([1, 2, 3, 4], again.Store.ReadStream("vm-a", 0).Select(e => e.Version));
        Assert.Equal([1L, 2, 3, 4], again.Store.ReadStream("vm-a", 0).Select(e => e.Seq));
    }

    [ServerFact]
    public void Given_a_projection_When_saved_twice_Then_the_last_state_is_loaded_and_an_unknown_one_is_null()
    {
        var store = Database.Open();
        var node = Node.Owning(store, "node-a", 1);
        node.Write(1, "vm-a");
        var position = Everything(store)[^1].Position;

        store.SaveProjection("list", StorePosition.Start, new byte[] { 9 });
        store.SaveProjection("list", position, new byte[] { 1, 0, 255 });
        store.SaveProjection("empty", position, ReadOnlyMemory<byte>.Empty);

        Assert.Null(store.LoadProjection("unknown"));
        Assert.Equal([1, 0, 255], store.LoadProjection("list")!.Value.State);
        Assert.Equal(position, store.LoadProjection("list")!.Value.Position);
        Assert.Empty(store.LoadProjection("empty")!.Value.State);
    }

    [ServerFact]
    public void Given_a_projection_saved_at_the_start_When_loaded_Then_reading_on_from_its_position_gives_everything()
    {
        var node = Node.Owning(Database.Open(), "node-a", 1);
        node.Write(1, "vm-a");

        node.Store.SaveProjection("list", StorePosition.Start, new byte[] { 1 });

        var (position, _) = node.Store.LoadProjection("list")!.Value;
        Assert.Single(node.Store.ReadAll(position, 10));
    }

    [ServerFact]
    public void Given_a_closed_store_When_closed_again_or_used_Then_the_one_is_harmless_and_the_other_refused()
    {
        var store = Database.Open();
        var node = Node.Owning(store, "node-a", 1);
        node.Write(1, "vm-a");
        var next = node.Draft().Event(1, "vm-a", "late").Build();
        store.Dispose();

        store.Dispose();

        Assert.Throws<ObjectDisposedException>(() => store.Append(next));
        Assert.Throws<ObjectDisposedException>(() => store.TakeOver([1], "node-a"));
        Assert.Throws<ObjectDisposedException>(() => store.Load("vm-a"));
        Assert.Throws<ObjectDisposedException>(() => store.ReadAll(StorePosition.Start, 10));
        Assert.Throws<ObjectDisposedException>(() => store.LoadProjection("list"));
    }
}
