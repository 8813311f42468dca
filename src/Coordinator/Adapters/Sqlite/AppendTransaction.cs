using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The statements of one append. They run inside <c>begin immediate</c>, which holds the file's only write lock: what was compared stays true
/// until the commit, also against other processes.
/// </summary>
internal sealed class AppendTransaction(SqliteConnection connection)
{
    private readonly Statement _fence = connection.Prepare("update shard set seq = ?4 where shard = ?1 and term = ?2 and owner = ?3 and seq = ?5");

    private readonly Statement _insertStream = connection.Prepare(
        "insert into stream(key, shard, ver, closed, timer_due, timer_token) values(?1, ?2, ?3, ?4, ?5, ?6) on conflict(key) do nothing");

    private readonly Statement _updateStream = connection.Prepare(
        "update stream set ver = ?3, closed = ?4, timer_due = ?5, timer_token = ?6 where key = ?1 and shard = ?2 and ver = ?7 returning id");

    private readonly Statement _snapshot = connection.Prepare("insert or replace into snapshot(stream, ver, state) values(?1, ?2, ?3)");

    private readonly Statement _event = connection.Prepare("""
        insert into event(shard, seq, stream, ver, term, type, schema, at, body, meta) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """);

    private readonly Statement _key = connection.Prepare(
        "insert into idempotency(principal, key, body_hash, answer, at) values(?1, ?2, ?3, ?4, ?5) on conflict do nothing");

    private readonly Statement _findKey = connection.Prepare(IdempotencyRow.Query);
    private readonly Statement _lastPosition = connection.Prepare("select max(pos) from event");

    private readonly Dictionary<string, long> _ids = [];
    private readonly Dictionary<int, long> _terms = [];
    private readonly Dictionary<int, long> _sequences = [];

    /// <summary>Writes everything, or finds why not: then the caller rolls back.</summary>
    /// <returns>Null if all of it is written and may be committed.</returns>
    public AppendOutcome? Write(AppendBatch batch)
    {
        if (Fence(batch) is { Count: > 0 } fenced) return new AppendOutcome.Fenced(fenced);
        if (WriteStreams(batch.Streams) is { Count: > 0 } conflicts) return new AppendOutcome.Conflict(conflicts);
        if (WriteKeys(batch.Keys) is { Count: > 0 } taken) return new AppendOutcome.KeysTaken(taken);
        WriteEvents(batch.Events);
        return null;
    }

    /// <summary>Row id of the last event there is.</summary>
    public long LastPosition()
    {
        _lastPosition.Step();
        var position = _lastPosition.Long(0);
        _lastPosition.Reset();
        return position;
    }

    private List<int> Fence(AppendBatch batch)
    {
        var fenced = new List<int>();
        _terms.Clear();
        _sequences.Clear();
        foreach (var e in batch.Events) _sequences[e.Shard] = e.Seq;
        foreach (var lease in batch.Leases)
        {
            _terms[lease.Shard] = lease.Term.Value;
            _fence.Bind(1, lease.Shard);
            _fence.Bind(2, lease.Term.Value);
            _fence.Bind(3, lease.Owner);
            _fence.Bind(4, _sequences.GetValueOrDefault(lease.Shard, lease.Seq));
            _fence.Bind(5, lease.Seq);
            if (_fence.Run() == 0) fenced.Add(lease.Shard);
        }

        return fenced;
    }

    private List<string> WriteStreams(IReadOnlyList<StreamChange> streams)
    {
        var conflicts = new List<string>();
        _ids.Clear();
        foreach (var change in streams)
        {
            var id = change.ExpectedVersion == 0 ? Insert(change) : Update(change);
            if (id is null)
            {
                conflicts.Add(change.Stream);
                continue;
            }

            _ids[change.Stream] = id.Value;
            if (change.Snapshot is { } state) WriteSnapshot(id.Value, change.Version, state.Span);
        }

        return conflicts;
    }

    private long? Insert(StreamChange change)
    {
        BindRow(_insertStream, change);
        return _insertStream.Run() == 0 ? null : connection.LastRowId;
    }

    private long? Update(StreamChange change)
    {
        BindRow(_updateStream, change);
        _updateStream.Bind(7, change.ExpectedVersion);
        if (!_updateStream.Step()) return null;
        var id = _updateStream.Long(0);
        _updateStream.Reset();
        return id;
    }

    private static void BindRow(Statement statement, StreamChange change)
    {
        statement.Bind(1, change.Stream);
        statement.Bind(2, change.Shard);
        statement.Bind(3, change.Version);
        statement.Bind(4, change.Closed);
        if (change.TimerDue is { } due) statement.Bind(5, StoredTime.ToTicks(due));
        else statement.BindNull(5);
        statement.Bind(6, change.TimerToken);
    }

    private void WriteSnapshot(long stream, int version, ReadOnlySpan<byte> state)
    {
        _snapshot.Bind(1, stream);
        _snapshot.Bind(2, version);
        _snapshot.BindBlob(3, state);
        _snapshot.Run();
    }

    private List<IdempotencyRecord> WriteKeys(IReadOnlyList<IdempotencyRecord> keys)
    {
        var taken = new List<IdempotencyRecord>();
        foreach (var key in keys)
        {
            _key.Bind(1, key.Principal);
            _key.Bind(2, key.Key);
            _key.Bind(3, key.BodyHash);
            _key.Bind(4, key.Answer);
            _key.Bind(5, StoredTime.ToTicks(key.At));
            if (_key.Run() == 0) taken.Add(IdempotencyRow.Find(_findKey, key.Principal, key.Key)!);
        }

        return taken;
    }

    private void WriteEvents(IReadOnlyList<NewEvent> events)
    {
        foreach (var e in events)
        {
            _event.Bind(1, e.Shard);
            _event.Bind(2, e.Seq);
            _event.Bind(3, _ids[e.Stream]);
            _event.Bind(4, e.Version);
            _event.Bind(5, _terms[e.Shard]);
            _event.Bind(6, e.Type);
            _event.Bind(7, e.SchemaVersion);
            _event.Bind(8, StoredTime.ToTicks(e.At));
            _event.BindText(9, e.Body.Span);
            _event.BindText(10, e.Meta.Span);
            _event.Run();
        }
    }
}
