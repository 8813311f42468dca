using Contract.Tests.Sqlite;
using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Contract.Tests.Backups;

/// <summary>What a backup of any store must hold: all of it, as of one moment, and restored into any store the same again.</summary>
public abstract class BackupContract : IDisposable
{
    protected static readonly DateTimeOffset Noon = Node.Noon;

    private readonly StoreUnderTest _database;
    private readonly SqliteFile _other = new();

    protected BackupContract(StoreUnderTest database) => _database = database;

    public void Dispose()
    {
        _database.Dispose();
        _other.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract IEnumerable<BackupLine> Read();

    [ServerFact]
    public void Given_open_and_closed_streams_When_restored_Then_every_event_timer_key_and_term_is_the_same()
    {
        var store = _database.Open();
        Fill(Node.Owning(store, "node-a", 1, 2));

        SqliteBackup.Write(_other.Options.Path, Through(Read()));

        var restored = _other.Open();
        Same(store, restored);
        Assert.Equal(store.TakeOver([1, 2, 3], "next").Select(l => (l.Shard, l.Term, l.Seq)), restored.TakeOver([1, 2, 3], "next").Select(l => (l.Shard, l.Term, l.Seq)));
        // It is a database like any other.
        var node = Node.Owning(restored, "node-b", 1, 2);
        node.Write(1, "vm-a");
        Assert.Equal(4, restored.Load("vm-a")!.Version);
        restored.Dispose();
        SqliteVerification.Run(_other.Options.Path);
    }

    [ServerFact]
    public void Given_a_node_that_goes_on_writing_When_backed_up_Then_the_backup_is_of_one_moment()
    {
        var store = _database.Open();
        var node = Node.Owning(store, "node-a", 1, 2);
        Fill(node);
        var before = store.ReadAll(StorePosition.Start, 10_000);

        List<BackupLine> lines = [];
        foreach (var line in Read())
        {
            if (lines.Count < 50) node.Write(2, $"vm-{lines.Count}");
            lines.Add(line);
        }

        Assert.Equal(before.Count, lines.OfType<BackupEvent>().Count());
        SqliteBackup.Write(_other.Options.Path, lines);
        Assert.Equal(before.Select(e => e.Id), _other.Open().ReadAll(StorePosition.Start, 10_000).Select(e => e.Id));
    }

    protected static void Same(IEventStore a, IEventStore b)
    {
        Assert.Equal(a.ReadAll(StorePosition.Start, 10_000).Select(Told), b.ReadAll(StorePosition.Start, 10_000).Select(Told));
        foreach (var shard in Enumerable.Range(0, StoreUnderTest.ShardCount)) Assert.Equal(a.LoadOpen(shard).Select(Row), b.LoadOpen(shard).Select(Row));
        Assert.Equal(Row(a.Load("vm-done")!), Row(b.Load("vm-done")!));
        Assert.Equal(a.FindIdempotent("alice", "k1"), b.FindIdempotent("alice", "k1"));
    }

    protected static void Fill(Node node)
    {
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft()
            .Event(1, "vm-a", "grüße <&> \"quoted\"").Timer(1, "vm-a", Noon.AddMinutes(5), 7).Event(2, "vm-done").Close(2, "vm-done").Key("alice", "k1").Build()));
        node.Write(1, "vm-a");
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(1, "vm-a").Snapshot(1, "vm-a", "state").Event(2, "vm-b").Build()));
    }

    /// <summary>As a file holds them.</summary>
    protected static List<BackupLine> Through(IEnumerable<BackupLine> lines)
    {
        using var file = new MemoryStream(BackupFileTests.FileOf(lines));
        return [.. BackupReader.Read(file)];
    }

    private static string Told(StoredEvent e) =>
        $"{e.Position} {e.Shard}/{e.Seq} {e.Term} {e.Id} {e.Type}/{e.SchemaVersion} {e.At:O} {Convert.ToHexString(e.Body.Span)} {Convert.ToHexString(e.Meta.Span)}";

    // Snapshots are only a shortcut, and are left out.
    private static string Row(LoadedStream s) => $"{s.Shard} {s.Stream}@{s.Version} {s.Closed} {s.TimerDue:O} {s.TimerToken}";
}
