using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The embedded store: one file, write-ahead log, every commit forced to the disk before it is reported. Appends, takeovers and other writes
/// take turns; reads go through a connection of their own and never wait for a write. A second process on the same file takes turns at the
/// file's lock and is fenced by the terms it raised, or fences this one.
/// </summary>
public sealed class SqliteStore : IEventStore
{
    private readonly Lock _gate = new();
    private readonly SqliteStoreOptions _options;
    private readonly SqliteWriter _writer;
    private readonly SqliteReader _reader;

    /// <exception cref="StoreConfigurationException">Cannot be used as configured: one line with the remedy.</exception>
    /// <exception cref="StoreUnavailableException">The disk refused, or another process held the file; may be repeated.</exception>
    public SqliteStore(SqliteStoreOptions options)
    {
        SqliteLibrary.Load();
        Require(options);
        _options = options;
        try
        {
            _writer = new SqliteWriter(options);
            try
            {
                _reader = new SqliteReader(options);
            }
            catch
            {
                _writer.Dispose();
                throw;
            }
        }
        catch (SqliteFailure failure)
        {
            throw SqliteSchema.Refusal(failure, options.Path);
        }
    }

    public int ShardCount => _options.ShardCount;

    public DateTimeOffset Now() => _options.Clock.GetUtcNow();

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner)
    {
        StoreArguments.CheckShards(shards, ShardCount);
        lock (_gate) return _writer.TakeOver(shards, owner);
    }

    public AppendOutcome Append(AppendBatch batch)
    {
        AppendBatchRules.Check(batch);
        lock (_gate) return _writer.Append(batch);
    }

    public IEnumerable<LoadedStream> LoadOpen(int shard) => _reader.LoadOpen(shard);

    public LoadedStream? Load(string streamKey) => _reader.Load(streamKey);

    public IEnumerable<StoredEvent> ReadStream(string streamKey, int afterVersion) => _reader.ReadStream(streamKey, afterVersion);

    public IReadOnlyList<StoredEvent> ReadAll(StorePosition after, int limit)
    {
        StoreArguments.CheckPage(limit);
        return _reader.ReadAll(StoredPosition.Parse(after), limit);
    }

    public (int Count, StorePosition Position) Scan(StorePosition after, int limit, EventVisitor visit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var (count, last) = _reader.Scan(StoredPosition.Parse(after), limit, visit);
        return (count, count == 0 ? after : StoredPosition.Of(last));
    }

    public IdempotencyRecord? FindIdempotent(string principal, string key) => _reader.FindIdempotent(principal, key);

    public void PruneIdempotent(DateTimeOffset olderThan)
    {
        lock (_gate) _writer.PruneIdempotent(olderThan);
    }

    public void SaveProjection(string name, StorePosition position, ReadOnlyMemory<byte> state)
    {
        var pos = StoredPosition.Parse(position);
        lock (_gate) _writer.SaveProjection(name, pos, state.Span);
    }

    public (StorePosition Position, byte[] State)? LoadProjection(string name) =>
        _reader.LoadProjection(name) is { } saved ? (StoredPosition.Of(saved.Position), saved.State) : null;

    public void Dispose()
    {
        lock (_gate)
        {
            _reader.Dispose();
            _writer.Dispose();
        }
    }

    private static void Require(SqliteStoreOptions options)
    {
        StoreArguments.CheckShardCount(options.ShardCount);

        var directory = Path.GetDirectoryName(Path.GetFullPath(options.Path));
        if (Directory.Exists(options.Path))
        {
            throw new StoreConfigurationException($"{options.Path} is a directory: name a file in it as the store's path");
        }

        if (!Directory.Exists(directory))
        {
            throw new StoreConfigurationException($"the store's directory {directory} does not exist: create it, or name another path");
        }
    }
}
