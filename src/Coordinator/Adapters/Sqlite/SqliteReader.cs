using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The read side: one connection, one reader at a time under a lock, beside the writer. Long results are read page by page, each page in a
/// transaction of its own, so that a slow consumer holds neither the lock nor the write-ahead log.
/// </summary>
internal sealed class SqliteReader : IDisposable
{
    private const int StreamsPerPage = 128;
    private const int EventsPerPage = 1_000;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly EventRow _rows;
    private readonly (ScanPage, ScanPage) _pages = (new ScanPage(), new ScanPage());
    private readonly Statement _begin;
    private readonly Statement _end;
    private readonly Statement _openStreams;
    private readonly Statement _oneStream;
    private readonly Statement _tail;
    private readonly Statement _all;
    private readonly Statement _scan;
    private readonly Statement _key;
    private readonly Statement _findKey;
    private readonly Statement _projection;
    private bool _disposed;

    public SqliteReader(SqliteStoreOptions options)
    {
        _path = options.Path;
        _connection = SqliteConnection.Open(options.Path, options.Vfs, options.BusyTimeout);
        try
        {
            _connection.Execute("pragma query_only = on; pragma cache_size = -16000; pragma wal_autocheckpoint = 0");
            _rows = new EventRow(SqliteSchema.SummedAfter(_connection));
            const string row = "select s.id, s.shard, s.key, s.ver, s.closed, s.timer_due, s.timer_token, p.ver, p.state, p.sum from stream s left join snapshot p on p.stream = s.id";
            _begin = _connection.Prepare("begin");
            _end = _connection.Prepare("commit");
            _openStreams = _connection.Prepare($"{row} where s.shard = ?1 and s.closed = 0 and s.id > ?2 order by s.id limit ?3");
            _oneStream = _connection.Prepare($"{row} where s.key = ?1");
            _tail = _connection.Prepare($"select {EventRow.Columns} from event where stream = ?1 and ver > ?2 order by ver limit ?3");
            _all = _connection.Prepare($"select {EventRow.Columns} from event where pos > ?1 order by pos limit ?2");
            _scan = _connection.Prepare($"select {EventRow.ScanColumns} from event where pos > ?1 order by pos limit ?2");
            _key = _connection.Prepare("select key from stream where id = ?1");
            _findKey = _connection.Prepare(IdempotencyRow.Query);
            _projection = _connection.Prepare("select pos, state from projection where name = ?1");
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public IEnumerable<LoadedStream> LoadOpen(int shard)
    {
        var after = 0L;
        while (true)
        {
            var page = Read(() => OpenStreams(shard, after));
            foreach (var (_, stream) in page) yield return stream;
            if (page.Count < StreamsPerPage) yield break;
            after = page[^1].Id;
        }
    }

    public LoadedStream? Load(string streamKey) => Read(() =>
    {
        _oneStream.Bind(1, streamKey);
        return _oneStream.Step() ? WithTail(TakeRow(_oneStream)).Stream : null;
    });

    public IEnumerable<StoredEvent> ReadStream(string streamKey, int afterVersion)
    {
        var after = afterVersion;
        while (true)
        {
            var page = Read(() => EventsOf(streamKey, after));
            foreach (var e in page) yield return e;
            if (page.Count < EventsPerPage) yield break;
            after = page[^1].Version;
        }
    }

    public IReadOnlyList<StoredEvent> ReadAll(long after, int limit) => Read(() =>
    {
        var events = new List<StoredEvent>();
        _all.Bind(1, after);
        _all.Bind(2, limit);
        while (_all.Step())
        {
            NothingBetween(after + events.Count, _all.Long(0));
            events.Add(_rows.Read(_all, KeyOf));
        }

        return events;
    });

    /// <summary>While one page is shown the next one is read by another thread: decoding and folding take twice as long as reading.</summary>
    public (int Count, long Last) Scan(long after, int limit, EventVisitor visit) => Read(() =>
    {
        var (count, last) = (0, after);
        var (shown, ahead) = _pages;
        _scan.Bind(1, after);
        _scan.Bind(2, limit);
        last = Fill(shown, last);
        while (shown.Count > 0)
        {
            var reached = last;
            ahead.Clear();
            var reading = shown.IsFull ? Task.Run(() => Fill(ahead, reached)) : Task.FromResult(reached);
            try
            {
                shown.Show(visit);
                count += shown.Count;
            }
            finally
            {
                // Whatever the visitor did: nobody else may use the statement before this is over.
                Task.WaitAny(reading);
            }

            last = reading.GetAwaiter().GetResult();
            (shown, ahead) = (ahead, shown);
        }

        return (count, last);
    });

    private long Fill(ScanPage page, long last)
    {
        page.Clear();
        while (!page.IsFull && _scan.Step())
        {
            NothingBetween(last, _scan.Long(0));
            last = _scan.Long(0);
            page.Add(_rows.Scan(_scan, KeyOf));
        }

        return last;
    }

    public IdempotencyRecord? FindIdempotent(string principal, string key) => Read(() => IdempotencyRow.Find(_findKey, principal, key));

    public (long Position, byte[] State)? LoadProjection(string name) => Read<(long, byte[])?>(() =>
    {
        _projection.Bind(1, name);
        if (!_projection.Step()) return null;
        var saved = (_projection.Long(0), _projection.Bytes(1).ToArray());
        _projection.Reset();
        return saved;
    });

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _connection.Dispose();
        }
    }

    private List<(long Id, LoadedStream Stream)> OpenStreams(int shard, long after)
    {
        var page = new List<(long Id, LoadedStream Stream)>();
        _openStreams.Bind(1, shard);
        _openStreams.Bind(2, after);
        _openStreams.Bind(3, StreamsPerPage);
        while (_openStreams.Step()) page.Add(ReadRow(_openStreams));
        if (page.Find(row => row.Stream.Shard != shard) is { Stream: { } stray }) throw Damaged($"{stray.Stream} is listed in shard {shard} and says it is in {stray.Shard}");
        for (var i = 0; i < page.Count; i++) page[i] = WithTail(page[i]);
        return page;
    }

    private List<StoredEvent> EventsOf(string streamKey, int afterVersion)
    {
        _oneStream.Bind(1, streamKey);
        if (!_oneStream.Step()) return [];
        return Tail(TakeRow(_oneStream).Id, streamKey, afterVersion, EventsPerPage);
    }

    private static (long Id, LoadedStream Stream) TakeRow(Statement query)
    {
        var row = ReadRow(query);
        query.Reset();
        return row;
    }

    private static (long Id, LoadedStream Stream) ReadRow(Statement row)
    {
        // A snapshot is only a shortcut: a damaged one is not taken, and all events are.
        var hasSnapshot = !row.IsNull(7) && row.Long(9) == EventSum.OfSnapshot(row.Text(2), row.Int(7), row.Bytes(8));
        return (row.Long(0), new LoadedStream(
            row.Int(1), row.Text(2), row.Int(3), row.Int(4) != 0,
            row.IsNull(5) ? null : row.Time(5), row.Long(6),
            hasSnapshot ? row.Bytes(8).ToArray() : default(ReadOnlyMemory<byte>?), hasSnapshot ? row.Int(7) : 0, []));
    }

    private (long Id, LoadedStream Stream) WithTail((long Id, LoadedStream Stream) row)
    {
        var tail = Tail(row.Id, row.Stream.Stream, row.Stream.SnapshotVersion, -1);
        return row with { Stream = row.Stream with { Tail = tail, Version = tail.Count > 0 ? tail[^1].Version : row.Stream.SnapshotVersion } };
    }

    // Positions are given one after another and never taken back.
    private static void NothingBetween(long position, long next)
    {
        if (next != position + 1) throw Damaged($"event {next} follows event {position}: those between are missing");
    }

    private List<StoredEvent> Tail(long stream, string streamKey, int afterVersion, int limit)
    {
        var events = new List<StoredEvent>();
        _tail.Bind(1, stream);
        _tail.Bind(2, afterVersion);
        _tail.Bind(3, limit);
        while (_tail.Step())
        {
            events.Add(_rows.Read(_tail, _ => streamKey));
            if (events[^1].Stream != streamKey) throw Damaged($"{streamKey} is listed at the row of {events[^1].Stream}");
            if (events[^1].Version != afterVersion + events.Count) throw Damaged($"{streamKey} goes on with version {events[^1].Version} after {afterVersion + events.Count - 1}");
        }

        return events;
    }

    private string KeyOf(long stream)
    {
        _key.Bind(1, stream);
        if (!_key.Step()) throw Damaged($"an event names stream row {stream}, which is missing");
        var key = _key.Text(0);
        _key.Reset();
        return key;
    }

    private static SqliteFailure Damaged(string what) => new(SQLitePCL.raw.SQLITE_CORRUPT, what);

    /// <summary>One consistent view of the file for all statements of <paramref name="query"/>.</summary>
    private T Read<T>(Func<T> query)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteStore)); // statements are called by address: theirs is gone
            try
            {
                _begin.Run();
                var result = query();
                _end.Run();
                return result;
            }
            catch (Exception e)
            {
                Abandon();
                if (e is SqliteFailure failure) throw failure.AsReadFailure(_path);
                throw;
            }
        }
    }

    private void Abandon()
    {
        try
        {
            _connection.Abandon();
        }
        catch (SqliteFailure)
        {
            // The error that led here is told; if this connection stays unusable, so will the next read.
        }
    }
}
