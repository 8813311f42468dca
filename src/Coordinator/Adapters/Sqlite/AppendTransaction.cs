using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The statements of one append. They run inside <c>begin immediate</c>, which holds the file's only write lock: what was compared stays true
/// until the commit, also against other processes.
/// </summary>
internal sealed class AppendTransaction(SqliteConnection connection)
{
    /// <summary>Rows in one statement: opening the table for each row alone made a batch of 300 events about 10 % slower.</summary>
    private const int EventsPerInsert = 16;
    private const int EventColumns = 11;
    private const int KnownMax = 200_000;

    private readonly Statement _fence = connection.Prepare("update shard set seq = ?4 where shard = ?1 and term = ?2 and owner = ?3 and seq = ?5");

    // A shard without an event in this batch: compared all the same, and nothing is written that would have to be flushed.
    private readonly Statement _holds = connection.Prepare("select 1 from shard where shard = ?1 and term = ?2 and owner = ?3 and seq = ?4");

    private readonly Statement _insertStream = connection.Prepare(
        "insert into stream(key, shard, ver, closed, timer_due, timer_token) values(?1, ?2, ?3, ?4, ?5, ?6) on conflict(key) do nothing");

    private readonly Statement _updateStream = connection.Prepare(
        "update stream set ver = ?3, closed = ?4, timer_due = ?5, timer_token = ?6 where id = ?7 and key = ?1 and shard = ?2");

    private readonly Statement _findStream = connection.Prepare(
        "select s.id, coalesce((select max(e.ver) from event e where e.stream = s.id), s.ver), s.shard, s.closed, s.timer_token from stream s where s.key = ?1");

    private readonly Statement _snapshot = connection.Prepare("insert or replace into snapshot(stream, ver, state, sum) values(?1, ?2, ?3, ?4)");

    private readonly Statement _event = connection.Prepare(InsertEvents(1));
    private readonly Statement _events = connection.Prepare(InsertEvents(EventsPerInsert));

    private readonly Statement _key = connection.Prepare(
        "insert into idempotency(principal, key, body_hash, answer, at) values(?1, ?2, ?3, ?4, ?5) on conflict do nothing");

    private readonly Statement _findKey = connection.Prepare(IdempotencyRow.Query);
    private readonly Statement _lastPosition = connection.Prepare("select max(pos) from event");

    /// <summary>Row ids of this batch's streams, which may still be rolled back.</summary>
    private readonly Dictionary<string, long> _ids = [];

    /// <summary>Open streams as committed. True for as long as the shards' terms are this node's, which the fence has compared before.</summary>
    private readonly Dictionary<string, KnownStream> _known = [];
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

    /// <summary>To be called once it is committed: the rows of the streams it touched will be found without a search.</summary>
    public void Remember(AppendBatch batch)
    {
        if (_known.Count > KnownMax) _known.Clear();
        foreach (var change in batch.Streams)
        {
            if (change.Closed) _known.Remove(change.Stream);
            else _known[change.Stream] = new KnownStream(_ids[change.Stream], change.Version, change.Shard, change.Closed, change.TimerToken);
        }
    }

    /// <summary>To be called when shards change hands: somebody else may have written to their streams.</summary>
    public void Forget() => _known.Clear();

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
            if (!_sequences.TryGetValue(lease.Shard, out var last))
            {
                if (!Holds(lease)) fenced.Add(lease.Shard);
                continue;
            }

            _fence.Bind(1, lease.Shard);
            _fence.Bind(2, lease.Term.Value);
            _fence.Bind(3, lease.Owner);
            _fence.Bind(4, last);
            _fence.Bind(5, lease.Seq);
            if (_fence.Run() == 0) fenced.Add(lease.Shard);
        }

        return fenced;
    }

    private bool Holds(ShardLease lease)
    {
        _holds.Bind(1, lease.Shard);
        _holds.Bind(2, lease.Term.Value);
        _holds.Bind(3, lease.Owner);
        _holds.Bind(4, lease.Seq);
        var found = _holds.Step();
        _holds.Reset();
        return found;
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
            if (change.Snapshot is { } state) WriteSnapshot(id.Value, change, state.Span);
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
        if (!_known.TryGetValue(change.Stream, out var stream) && !Find(change.Stream, out stream)) return null;
        if (stream.Version != change.ExpectedVersion || stream.Shard != change.Shard) return null;
        // The version of a stream is that of its last event; its row is written only for what no event says: timer, end, snapshot. Half of all
        // changes are spared that way.
        if (stream.TimerToken == change.TimerToken && stream.Closed == change.Closed && change.Snapshot is null) return stream.Id;
        BindRow(_updateStream, change);
        _updateStream.Bind(7, stream.Id);
        return _updateStream.Run() == 0 ? null : stream.Id;
    }

    private bool Find(string key, out KnownStream stream)
    {
        stream = default;
        _findStream.Bind(1, key);
        if (!_findStream.Step()) return false;
        stream = new KnownStream(_findStream.Long(0), _findStream.Int(1), _findStream.Int(2), _findStream.Int(3) != 0, _findStream.Long(4));
        _findStream.Reset();
        return true;
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

    private void WriteSnapshot(long stream, StreamChange change, ReadOnlySpan<byte> state)
    {
        _snapshot.Bind(1, stream);
        _snapshot.Bind(2, change.Version);
        _snapshot.BindBlob(3, state);
        _snapshot.Bind(4, EventSum.OfSnapshot(change.Stream, change.Version, state));
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
        var written = 0;
        for (; events.Count - written >= EventsPerInsert; written += EventsPerInsert)
        {
            for (var i = 0; i < EventsPerInsert; i++) BindEvent(_events, i, events[written + i]);
            _events.Run();
        }

        for (; written < events.Count; written++)
        {
            BindEvent(_event, 0, events[written]);
            _event.Run();
        }
    }

    private void BindEvent(Statement statement, int row, NewEvent e)
    {
        var (term, at) = (_terms[e.Shard], StoredTime.ToTicks(e.At));
        var before = row * EventColumns;
        statement.Bind(before + 1, e.Shard);
        statement.Bind(before + 2, e.Seq);
        statement.Bind(before + 3, _ids[e.Stream]);
        statement.Bind(before + 4, e.Version);
        statement.Bind(before + 5, term);
        statement.Bind(before + 6, e.Type);
        statement.Bind(before + 7, e.SchemaVersion);
        statement.Bind(before + 8, at);
        statement.BindText(before + 9, e.Body.Span);
        statement.BindText(before + 10, e.Meta.Span);
        statement.Bind(before + 11, EventSum.Of(e.Stream, e.Version, e.Shard, e.Seq, term, e.Type, e.SchemaVersion, at, e.Body.Span, e.Meta.Span));
    }

    private static string InsertEvents(int rows) =>
        "insert into event(shard, seq, stream, ver, term, type, schema, at, body, meta, sum) values "
        + string.Join(", ", Enumerable.Repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows));

    private readonly record struct KnownStream(long Id, int Version, int Shard, bool Closed, long TimerToken);
}
