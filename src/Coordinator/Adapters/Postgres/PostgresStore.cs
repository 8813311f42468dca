using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// The store that several coordinators share. What is compared (shard, term, owner, versions, keys) and what is written are one statement and one
/// transaction; nothing is reported before it is durable on the server. Reads use connections of their own and never wait for a write.
/// </summary>
public sealed class PostgresStore : IEventStore
{
    private readonly Lock _gate = new();
    private readonly int _shardCount;
    private readonly PostgresConnections _connections;
    private readonly PostgresWriter _writer;
    private readonly PostgresReader _reader;

    /// <summary>Connects once, so that what is wrong is told at the start.</summary>
    /// <exception cref="StoreConfigurationException">Cannot be used as configured: one line with the remedy.</exception>
    /// <exception cref="StoreUnavailableException">The database cannot be reached now; may be repeated.</exception>
    public PostgresStore(PostgresStoreOptions options)
    {
        StoreArguments.CheckShardCount(options.ShardCount);
        _shardCount = options.ShardCount;
        _connections = new PostgresConnections(options);
        try
        {
            _connections.OpenWriter().Dispose();
        }
        catch
        {
            _connections.Dispose();
            throw;
        }

        _writer = new PostgresWriter(_connections);
        _reader = new PostgresReader(_connections);
    }

    public int ShardCount => _shardCount;

    public ContractVersion Contracts() => _reader.Contracts();

    public DateTimeOffset Now() => _reader.Now();

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner)
    {
        StoreArguments.CheckShards(shards, ShardCount);
        lock (_gate) return _writer.TakeOver(shards, owner);
    }

    public IReadOnlyList<ShardLease> TakeOverAgain(IReadOnlyList<(int Shard, Term Term)> held, string owner)
    {
        lock (_gate) return _writer.TakeOverAgain(held, owner);
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
        var number = StoredPosition.Parse(position);
        lock (_gate) _writer.SaveProjection(name, number, state);
    }

    public (StorePosition Position, byte[] State)? LoadProjection(string name) =>
        _reader.LoadProjection(name) is { } saved ? (StoredPosition.Of(saved.Position), saved.State) : null;

    public void Dispose()
    {
        lock (_gate) _connections.Dispose();
    }
}
