using System.Diagnostics;
using Coordinator.Adapters.Sqlite;
using SQLitePCL;

namespace Coordinator.Bench;

/// <summary>What one run of the raw loop gave.</summary>
/// <param name="EventsPerSecond">Durable events.</param>
/// <param name="CommitMs">One commit, whole transaction.</param>
public sealed record RawStoreRates(double EventsPerSecond, Latency CommitMs);

/// <summary>
/// The limit that the product's store is held against: what SQLite itself does on this disk when nothing is decided, fenced or encoded. One table
/// (integer key, unique stream and version), 100 events of 200 bytes a commit, write-ahead log, synchronous = FULL, SQLite's own checkpoints; the
/// same library, the same memory settings. Streams as in the product: 1,000 grow at a time, each gets 12 events.
/// </summary>
public static class RawStoreLoop
{
    public const int EventsPerCommit = 100;
    public const int EventBytes = 200;
    private const int StreamsInFlight = 1_000;
    private const int EventsPerStream = 12;

    /// <param name="directory">On the disk to be measured; the database is made there and deleted.</param>
    /// <param name="duration">Of the writing; the scan comes on top.</param>
    public static RawStoreRates Run(string directory, TimeSpan duration)
    {
        SqliteLibrary.Load();
        var path = Path.Combine(directory, $"raw-loop-{Environment.ProcessId}.db");
        try
        {
            return Measure(path, duration);
        }
        finally
        {
            foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*")) File.Delete(file);
        }
    }

    private static RawStoreRates Measure(string path, TimeSpan duration)
    {
        Check(raw.sqlite3_open_v2(path, out var db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null!));
        using (db)
        {
            RequireWal(db);
            Execute(db, "pragma synchronous = full");
            Execute(db, "create table event(pos integer primary key, stream integer not null, ver integer not null, body blob not null, unique(stream, ver))");
            var commits = Write(db, duration, out var seconds);
            return new RawStoreRates(commits.Count * EventsPerCommit / seconds, Latency.Of(commits));
        }
    }

    private static List<double> Write(sqlite3 db, TimeSpan duration, out double seconds)
    {
        using var begin = Prepare(db, "begin immediate");
        using var insert = Prepare(db, "insert into event(stream, ver, body) values(?1, ?2, ?3)");
        using var commit = Prepare(db, "commit");
        var body = new byte[EventBytes];
        new Random(1).NextBytes(body);
        var commits = new List<double>();
        var clock = Stopwatch.StartNew();
        for (long n = 0; clock.Elapsed < duration;)
        {
            var start = Stopwatch.GetTimestamp();
            Step(begin);
            for (var i = 0; i < EventsPerCommit; i++, n++)
            {
                var (generation, turn) = Math.DivRem(n, StreamsInFlight * EventsPerStream);
                raw.sqlite3_bind_int64(insert, 1, (generation * StreamsInFlight) + (turn % StreamsInFlight));
                raw.sqlite3_bind_int64(insert, 2, 1 + (turn / StreamsInFlight));
                raw.sqlite3_bind_blob(insert, 3, body);
                Step(insert);
            }

            Step(commit);
            commits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        seconds = clock.Elapsed.TotalSeconds;
        return commits;
    }

    /// <summary>What SQLite itself needs to read a log of the product in order of position: every column fetched, nothing decoded.</summary>
    /// <param name="path">The product's database; it may be in use.</param>
    /// <returns>Rows a second.</returns>
    public static double Scan(string path)
    {
        SqliteLibrary.Load();
        Check(raw.sqlite3_open_v2(path, out var db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null!));
        using (db)
        {
            using var scan = Prepare(db, "select pos, shard, seq, stream, ver, term, type, schema, at, body, meta from event order by pos");
            var rows = 0L;
            var (sum, numbers) = (0L, 0L);
            var clock = Stopwatch.StartNew();
            int code;
            while ((code = raw.sqlite3_step(scan)) == raw.SQLITE_ROW)
            {
                rows++;
                for (var i = 0; i < 6; i++) numbers ^= raw.sqlite3_column_int64(scan, i);
                numbers ^= raw.sqlite3_column_int64(scan, 7) ^ raw.sqlite3_column_int64(scan, 8);
                sum += raw.sqlite3_column_blob(scan, 6).Length + raw.sqlite3_column_blob(scan, 9).Length + raw.sqlite3_column_blob(scan, 10).Length;
            }

            if (code != raw.SQLITE_DONE || rows == 0 || sum < rows || numbers == 0) throw new InvalidOperationException($"raw scan: {raw.sqlite3_errmsg(db).utf8_to_string()} after {rows} rows");
            return rows / clock.Elapsed.TotalSeconds;
        }
    }

    private static void RequireWal(sqlite3 db)
    {
        using var pragma = Prepare(db, "pragma journal_mode = wal");
        raw.sqlite3_step(pragma);
        if (raw.sqlite3_column_text(pragma, 0).utf8_to_string() != "wal") throw new InvalidOperationException("raw loop: no write-ahead log on this file system");
    }

    private static sqlite3_stmt Prepare(sqlite3 db, string sql)
    {
        Check(raw.sqlite3_prepare_v2(db, sql, out var statement));
        return statement;
    }

    private static void Step(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE) Check(code);
    }

    private static void Execute(sqlite3 db, string sql) => Check(raw.sqlite3_exec(db, sql));

    private static void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw new InvalidOperationException($"raw loop: {raw.sqlite3_errstr(code).utf8_to_string()}");
    }
}
