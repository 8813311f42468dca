using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The one writing connection. Where an error comes decides what it means: before the commit nothing is written and the disk may recover; an
/// I/O error leaves unknown what is on the disk, and a failed flush must never be repeated (the kernel may have dropped the pages it could not
/// write and would call the next flush a success). So that is final.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int KeysPrunedPerCall = 1_000;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly WalCheckpoint _checkpoint;
    private readonly AppendTransaction _append;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _raiseTerm;
    private readonly Statement _pruneKeys;
    private readonly Statement _saveProjection;
    private StoreBrokenException? _broken;
    private bool _disposed;

    public SqliteWriter(SqliteStoreOptions options)
    {
        _path = options.Path;
        _connection = SqliteConnection.Open(options.Path, options.Vfs, options.BusyTimeout);
        try
        {
            if (raw.sqlite3_db_readonly(_connection.Handle, "main") == 1) throw SqliteSchema.ReadOnly(_path);
            RequireWal(_connection.Scalar("pragma journal_mode = wal"));
            _connection.Execute("pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma cache_size = -64000; pragma secure_delete = off");
            SqliteSchema.Ensure(_connection, options);
            _append = new AppendTransaction(_connection);
            _begin = _connection.Prepare("begin immediate");
            _commit = _connection.Prepare("commit");
            _rollback = _connection.Prepare("rollback");
            _raiseTerm = _connection.Prepare("update shard set term = term + 1, owner = ?2 where shard = ?1 returning term, seq");
            _pruneKeys = _connection.Prepare(
                "delete from idempotency where (principal, key) in (select principal, key from idempotency where at < ?1 order by at limit ?2)");
            _saveProjection = _connection.Prepare("insert or replace into projection(name, pos, state) values(?1, ?2, ?3)");
            _checkpoint = new WalCheckpoint(_connection, options);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public AppendOutcome Append(AppendBatch batch)
    {
        var outcome = Transact<AppendOutcome>(() =>
            _append.Write(batch) is { } refused ? (false, refused) : (true, new AppendOutcome.Committed(StoredPosition.Of(_append.LastPosition()))));
        if (outcome is AppendOutcome.Committed) _append.Remember(batch);
        return outcome;
    }

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner) => Transact(() =>
    {
        _append.Forget();
        var leases = new List<ShardLease>(shards.Count);
        foreach (var shard in shards)
        {
            _raiseTerm.Bind(1, shard);
            _raiseTerm.Bind(2, owner);
            _raiseTerm.Step();
            leases.Add(new ShardLease(shard, new Term(_raiseTerm.Long(0)), owner, _raiseTerm.Long(1)));
            _raiseTerm.Reset();
        }

        return (true, leases);
    });

    public void PruneIdempotent(DateTimeOffset olderThan) => Transact(() =>
    {
        _pruneKeys.Bind(1, StoredTime.ToTicks(olderThan));
        _pruneKeys.Bind(2, KeysPrunedPerCall);
        return (_pruneKeys.Run() > 0, true);
    });

    public void SaveProjection(string name, long position, ReadOnlySpan<byte> state)
    {
        var kept = state.ToArray();
        Transact(() =>
        {
            _saveProjection.Bind(1, name);
            _saveProjection.Bind(2, position);
            _saveProjection.BindBlob(3, kept);
            _saveProjection.Run();
            return (true, true);
        });
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _checkpoint.Dispose();
        _connection.Dispose();
    }

    /// <summary>Runs a transaction. What it returns is durable when this returns.</summary>
    /// <param name="write">Its statements; answers whether to commit, and the result.</param>
    private T Transact<T>(Func<(bool Commit, T Result)> write)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteStore));
        if (_broken is not null) throw new StoreBrokenException(_broken.Message, _broken);
        try
        {
            _checkpoint.IfDue();
            _begin.Run();
            var (commit, result) = write();
            (commit ? _commit : _rollback).Run();
            if (commit) _checkpoint.CountPages();
            return result;
        }
        catch (Exception e)
        {
            var told = Abandon(e);
            if (told == e) throw;
            throw told;
        }
    }

    /// <summary>
    /// A full disk is told by the write of a page, before the flush that makes the log's commit record count, and leaves that record unfinished: also
    /// when it comes out of the commit, nothing is committed, now or after a restart.
    /// </summary>
    private Exception Abandon(Exception cause)
    {
        try
        {
            _connection.Abandon();
        }
        catch (SqliteFailure failure)
        {
            return _broken = failure.AsBroken(_path);
        }

        if (cause is not SqliteFailure told) return cause;
        return told.AsUnavailable(_path) ?? (Exception)(_broken = told.AsBroken(_path));
    }

    private void RequireWal(string? mode)
    {
        if (mode == "wal") return;
        throw new StoreConfigurationException(
            $"{_path} cannot use a write-ahead log (SQLite chose '{mode}'): put it on a local file system with shared memory and locks, not on a network share");
    }
}
