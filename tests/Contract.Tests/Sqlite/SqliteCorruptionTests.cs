using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;
using Xunit.Abstractions;

namespace Contract.Tests.Sqlite;

/// <summary>
/// A byte of the database is another one, or its end is missing, on copies: the store gives the events that were written, or refuses by name.
/// Never other events. Two things a node cannot see by itself: an index that hides a stream, which <c>coordinator verify</c> finds; and a damaged
/// log, which ends at an earlier commit as one that was torn by a power failure does (hosts that have seen more tell it: <c>StoreRegression</c>).
/// </summary>
public sealed class SqliteCorruptionTests(ITestOutputHelper output)
{
    private const string File = "coordinator.db";
    private const string Log = "coordinator.db-wal";
    private const int QuickCases = 300;

    [Fact]
    public void Given_a_database_file_with_one_bit_flipped_When_it_is_read_Then_all_is_right_or_it_is_refused() =>
        Given(withLog: false, File, Flipped, mayEndEarlier: false);

    [Fact]
    public void Given_a_log_with_one_bit_flipped_When_it_is_read_Then_all_is_right_up_to_a_commit_or_it_is_refused() =>
        Given(withLog: true, Log, Flipped, mayEndEarlier: true);

    // An empty file (to SQLite also one of a single byte) is taken for none, and a new database is made. Hosts that have seen more tell that, too.
    [Fact]
    public void Given_a_database_file_that_ends_early_When_it_is_read_Then_all_is_right_or_it_is_refused() =>
        Given(withLog: false, File, Cut, mayEndEarlier: false, from: 2);

    [Fact]
    public void Given_a_log_that_ends_early_When_it_is_read_Then_all_is_right_up_to_a_commit() =>
        Given(withLog: true, Log, Cut, mayEndEarlier: true);

    [Fact]
    public void Given_a_database_of_before_there_were_checksums_When_it_is_opened_Then_old_events_are_read_and_new_ones_have_one()
    {
        using var file = SqliteFile.InMemory();
        Node.Owning(file.Open(), "node-1", 0).Write(0, "vm-0", "old");
        file.CloseAll();
        file.Run("alter table event drop column sum; alter table snapshot drop column sum; delete from meta where name = 'summed_after'");

        var store = file.Open();
        var node = Node.Owning(store, "node-1", 0);
        node.Write(0, "vm-0", "new");

        Assert.Equal([1, 2], store.ReadStream("vm-0", 0).Select(e => e.Version));
        file.CloseAll();
        file.Run("update event set body = replace(body, 'new', 'New')");
        Assert.Throws<StoreBrokenException>(() => file.Open().ReadStream("vm-0", 0).Count());
        file.CloseAll();
        Assert.True(IsFound(file));
    }

    private static byte[] Flipped(byte[] whole, int at)
    {
        var copy = (byte[])whole.Clone();
        copy[at] ^= (byte)(1 << ((at + Matrix.Seed) % 8));
        return copy;
    }

    private static byte[] Cut(byte[] whole, int at) => whole[..at];

    private void Given(bool withLog, string damaged, Func<byte[], int, byte[]> damage, bool mayEndEarlier, int from = 0)
    {
        var (files, written) = Written(withLog);
        var whole = files[damaged];
        int right = 0, refused = 0, hidden = 0, earlier = 0;
        var stride = Matrix.IsFull ? 1 : Math.Max(1, whole.Length / QuickCases);
        using var copy = SqliteFile.InMemory();
        for (var at = Matrix.IsFull ? from : from + (Matrix.Seed % stride); at < whole.Length; at += stride)
        {
            foreach (var (name, bytes) in files) System.IO.File.WriteAllBytes(Path.Combine(copy.Folder, name), name == damaged ? damage(bytes, at) : bytes);
            System.IO.File.Delete(Path.Combine(copy.Folder, "coordinator.db-shm"));
            if (!withLog) System.IO.File.Delete(Path.Combine(copy.Folder, Log));
            switch (Read(copy))
            {
                case null:
                    refused++;
                    break;
                case var read when read.Count == written.Count && read.SequenceEqual(written):
                    right++;
                    break;
                case var read when IsHidden(read, written) && IsFound(copy):
                    hidden++;
                    break;
                case var read when mayEndEarlier && IsEarlier(read, written):
                    earlier++;
                    break;
                case var read:
                    var first = Enumerable.Range(0, Math.Max(read.Count, written.Count)).First(i => read.ElementAtOrDefault(i) != written.ElementAtOrDefault(i));
                    Assert.Fail($"byte {at} of {damaged}: item {first} is '{read.ElementAtOrDefault(first)}', written was '{written.ElementAtOrDefault(first)}' ({Matrix.Told})");
                    break;
            }
        }

        output.WriteLine($"{Matrix.Told}: {right + refused + hidden + earlier} of {whole.Length} places of {damaged}: {right} right, {refused} refused, {hidden} for verify to find, {earlier} ended earlier");
        Assert.True(refused + earlier > 0, "no damage was ever noticed");
    }

    // All events are right in their order; by its stream, one or the other is not found.
    private static bool IsHidden(List<string> read, List<string> written)
    {
        string[] whole = ["all ", "scan "];
        return read.Where(IsWhole).SequenceEqual(written.Where(IsWhole))
            && read.Where(line => line.StartsWith("stream ", StringComparison.Ordinal)).All(line => written.Exists(w => w.StartsWith(line, StringComparison.Ordinal)));

        bool IsWhole(string line) => Array.Exists(whole, begin => line.StartsWith(begin, StringComparison.Ordinal));
    }

    private static bool IsFound(SqliteFile file)
    {
        try
        {
            SqliteVerification.Run(file.Options.Path);
            return false;
        }
        catch (Exception e) when (e is StoreConfigurationException or StoreBrokenException or StoreUnavailableException)
        {
            return true;
        }
    }

    // Whole batches are missing at the end: what is read is what was written up to some commit.
    private static bool IsEarlier(List<string> read, List<string> written)
    {
        var events = read.Where(line => line.StartsWith("all ", StringComparison.Ordinal)).ToList();
        return events.SequenceEqual(written.Where(line => line.StartsWith("all ", StringComparison.Ordinal)).Take(events.Count));
    }

    /// <returns>Everything a node reads at its start, as lines; null if the store refuses.</returns>
    private static List<string>? Read(SqliteFile file)
    {
        try
        {
            using var store = new SqliteStore(file.Options);
            List<string> read = [.. store.ReadAll(StorePosition.Start, 10_000).Select(e => $"all {Line(e)}")];
            store.Scan(StorePosition.Start, 10_000, e => read.Add($"scan {e.Stream}@{e.Version} {e.Shard}/{e.Seq} {e.Term} {e.Type} {e.At:O} {Convert.ToHexString(e.Body)}"));
            for (var shard = 0; shard < store.ShardCount; shard++)
            {
                foreach (var stream in store.LoadOpen(shard))
                {
                    // A damaged snapshot may be left out, for all events are there; it may not be another one.
                    var isRight = stream.Snapshot is not { } snapshot || snapshot.Span.SequenceEqual(Node.Json($"state of {stream.Stream}"));
                    read.Add($"open {shard} {stream.Stream}@{stream.Version}{(isRight ? "" : " with a wrong snapshot")}");
                }
            }

            foreach (var key in Streams) read.Add($"stream {key} {string.Join(" ", store.ReadStream(key, 0).Select(Line))}");
            return read;
        }
        catch (Exception e) when (e is StoreConfigurationException or StoreBrokenException or StoreUnavailableException)
        {
            return null;
        }
    }

    private static string Line(StoredEvent e) =>
        $"{e.Position.Value} {e.Stream}@{e.Version} {e.Shard}/{e.Seq} {e.Term} {e.Type}.{e.SchemaVersion} {e.At:O} {Convert.ToHexString(e.Body.Span)} {Convert.ToHexString(e.Meta.Span)}";

    private static readonly string[] Streams = [.. Enumerable.Range(0, 12).Select(i => $"vm-{i}")];

    /// <summary>A small database of the product's own making, and what it holds.</summary>
    /// <param name="withLog">As a killed process leaves it: the newest batches are in the log only.</param>
    private static (Dictionary<string, byte[]> Files, List<string> Written) Written(bool withLog)
    {
        using var file = SqliteFile.InMemory();
        var store = file.Open();
        var node = Node.Owning(store, "node-1", [.. Enumerable.Range(0, store.ShardCount)]);
        for (var round = 0; round < 4; round++)
        {
            var draft = node.Draft();
            foreach (var (stream, i) in Streams.Select((stream, i) => (stream, i)))
            {
                draft = draft.Event(i % 3, stream, $"round {round} of {stream}, with words enough to fill a page or two {new string('.', 40 * round)}").Event(i % 3, stream);
                if (round == 2 && i % 4 == 0) draft = draft.Snapshot(i % 3, stream, $"state of {stream}");
                if (round == 3 && i % 5 == 0) draft = draft.Close(i % 3, stream);
                draft = draft.Key("local:0", $"key-{round}-{i}");
            }

            Assert.IsType<AppendOutcome.Committed>(node.Append(draft.Build()));

            // What a clean end puts into the file; the rest stays in the log.
            if (round != 2) continue;
            file.CloseAll();
            store = file.Open();
            node = Node.Owning(store, "node-1", [.. Enumerable.Range(0, store.ShardCount)]);
        }

        if (!withLog) file.CloseAll();
        var files = new[] { File, Log }.Where(name => System.IO.File.Exists(Path.Combine(file.Folder, name))).ToDictionary(name => name, name => System.IO.File.ReadAllBytes(Path.Combine(file.Folder, name)));
        Assert.Equal(withLog, files.ContainsKey(Log) && files[Log].Length > 0);
        using var copy = SqliteFile.InMemory();
        foreach (var (name, bytes) in files) System.IO.File.WriteAllBytes(Path.Combine(copy.Folder, name), bytes);
        Assert.False(IsFound(copy), "verify refuses an undamaged copy");
        return (files, Read(copy) ?? throw new InvalidOperationException("the undamaged copy is refused"));
    }
}
