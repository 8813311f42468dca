using Contract.Tests.Stores;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Contract.Tests.Backups;

/// <summary>What closed streams say leaves the log of any store, and nothing else does.</summary>
public abstract class ArchiveContract(StoreUnderTest database) : IDisposable
{
    private const string File = "closed-1.archive";

    protected static readonly DateTimeOffset Noon = Node.Noon;

    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract IEnumerable<BackupLine> Read(DateTimeOffset before, int most);

    protected abstract long Empty(IEnumerable<string> streams, string archive);

    protected abstract IEnumerable<BackupLine> Backup();

    [ServerFact]
    public void Given_open_and_closed_streams_When_archived_Then_the_archive_holds_the_closed_ones_and_the_log_their_places()
    {
        var store = database.Open();
        var node = Node.Owning(store, "node-a", 1, 2);
        Fill(node);
        var before = store.ReadAll(StorePosition.Start, 100);

        var lines = Archived(Noon.AddTicks(1));
        var emptied = Empty(lines.OfType<BackupStream>().Select(s => s.Key), File);

        Assert.Equal(["vm-done", "vm-old"], lines.OfType<BackupStream>().Select(s => s.Key).Order(StringComparer.Ordinal));
        Assert.Equal(5, emptied);
        // The archive has every word of them.
        var after = store.ReadAll(StorePosition.Start, 100);
        Assert.Equal(before.Where(IsClosed).Select(Told).Order(), lines.OfType<BackupEvent>().Select(e => Told(e.Stored())).Order());
        // The log has their places, and the others as they were.
        Assert.Equal(before.Select(Place), after.Select(Place));
        Assert.Equal(before.Where(e => !IsClosed(e)).Select(Told), after.Where(e => !IsClosed(e)).Select(Told));
        Assert.All(after.Where(IsClosed), e => Assert.Equal(ArchivedEvent.Type, e.Type));
        Assert.Equal(File, ArchivedEvent.FileOf(store.ReadStream("vm-old", 0).First()));
        Assert.Equal(2, store.Load("vm-old")!.Version);
    }

    [ServerFact]
    public void Given_a_store_at_work_When_archived_Then_it_writes_on_and_a_second_time_nothing_is_left_to_archive()
    {
        var store = database.Open();
        var node = Node.Owning(store, "node-a", 1, 2);
        Fill(node);
        Empty(Archived(Noon.AddTicks(1)).OfType<BackupStream>().Select(s => s.Key), File);

        node.Write(1, "vm-a");

        Assert.Equal(3, store.Load("vm-a")!.Version);
        Assert.Empty(Read(Noon.AddTicks(1), 100).Skip(1));
        Assert.Equal(0, Empty(["vm-old", "vm-done"], "another"));
        // And its backup is one like any other.
        var check = new BackupImport();
        foreach (var line in Backup()) check.Check(line);
        check.Complete();
    }

    [ServerFact]
    public void Given_streams_that_are_open_or_closed_of_late_When_archived_Then_they_are_left_alone()
    {
        var store = database.Open();
        Fill(Node.Owning(store, "node-a", 1, 2));

        Assert.Empty(Read(Noon, 100).Skip(1));
        Assert.Equal(0, Empty(["vm-a", "vm-never-was"], File));

        Assert.DoesNotContain(store.ReadAll(StorePosition.Start, 100), e => e.Type == ArchivedEvent.Type);
    }

    [ServerFact]
    public void Given_more_streams_than_a_file_takes_When_read_Then_the_oldest_come_first()
    {
        Fill(Node.Owning(database.Open(), "node-a", 1, 2));
        Assert.Equal("vm-old", Assert.Single(Read(Noon.AddTicks(1), 1).OfType<BackupStream>()).Key);
    }

    private static void Fill(Node node)
    {
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(1, "vm-old", "grüße").Event(2, "vm-done").Event(1, "vm-a").Build()));
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(1, "vm-old").Close(1, "vm-old").Event(1, "vm-a").Snapshot(1, "vm-a", "state").Build()));
        Assert.IsType<AppendOutcome.Committed>(node.Append(node.Draft().Event(2, "vm-done").Event(2, "vm-done").Snapshot(2, "vm-done", "state").Close(2, "vm-done").Build()));
    }

    private List<BackupLine> Archived(DateTimeOffset before)
    {
        using var file = new MemoryStream(BackupFileTests.FileOf(Read(before, 100)));
        List<BackupLine> lines = [.. BackupReader.Read(file)];
        var check = new ArchiveCheck();
        foreach (var line in lines) check.Check(line);
        check.Complete();
        return lines;
    }

    private static bool IsClosed(StoredEvent e) => e.Stream is "vm-old" or "vm-done";

    private static string Place(StoredEvent e) => $"{e.Position} {e.Shard}/{e.Seq} {e.Term} {e.Id} {e.At:O}";

    private static string Told(StoredEvent e) => $"{e.Shard}/{e.Seq} {e.Term} {e.Id} {e.Type}/{e.SchemaVersion} {e.At:O} {Convert.ToHexString(e.Body.Span)} {Convert.ToHexString(e.Meta.Span)}";
}
