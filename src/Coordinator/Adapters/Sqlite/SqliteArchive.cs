using System.Text;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>Closed streams of a database as lines of an archive, and the database without what they say. Beside a node at work.</summary>
public static class SqliteArchive
{
    // A node at work waits for each transaction: a few milliseconds.
    private const int StreamsPerTransaction = 50;

    private const string Closed = $"""
        select s.id, s.key, s.shard, s.timer_token, (select max(e.ver) from event e where e.stream = s.id) from stream s
         where s.closed = 1 and (select e.at from event e where e.stream = s.id order by e.ver desc limit 1) < ?1
           and (select e.type from event e where e.stream = s.id and e.ver = 1) <> '{ArchivedEvent.Type}'
         order by s.id limit ?2
        """;

    /// <summary>Streams that were closed before a time and are not in an archive yet, the oldest first, each followed by its events. Every event is compared with its checksum.</summary>
    /// <param name="most">Streams.</param>
    /// <param name="program">Version of this program.</param>
    /// <exception cref="StoreConfigurationException">No database of ours.</exception>
    /// <exception cref="StoreBrokenException">It is damaged; run <c>coordinator verify</c>.</exception>
    public static IEnumerable<BackupLine> Read(string path, DateTimeOffset before, int most, DateTimeOffset now, string program) =>
        SqliteBackup.Told(path, () => Lines(path, before, most, now, program));

    /// <summary>Takes out of the log what these streams say: see <see cref="ArchivedEvent"/>. Safe to repeat, also after it was killed half-way.</summary>
    /// <param name="streams">Keys; one that is not closed is left alone.</param>
    /// <param name="archive">Name of the file they are in, durable and compared.</param>
    /// <returns>Events taken out.</returns>
    /// <exception cref="StoreUnavailableException">The disk refused, or somebody writes for long; repeat it.</exception>
    public static long Empty(string path, IEnumerable<string> streams, string archive)
    {
        SqliteLibrary.Load();
        try
        {
            using var connection = SqliteConnection.Open(path, null, TimeSpan.FromSeconds(5));
            _ = SqliteSchema.Open(connection, path);
            connection.Execute("pragma synchronous = full");
            var emptying = new Emptying(connection, archive);
            var events = 0L;
            foreach (var part in streams.Chunk(StreamsPerTransaction))
            {
                connection.Execute("begin immediate");
                events += part.Sum(emptying.Empty);
                connection.Execute("commit");
            }

            return events;
        }
        catch (SqliteFailure failure)
        {
            throw failure.AsUnavailable(path) ?? (Exception)failure.AsBroken(path);
        }
    }

    private static IEnumerable<BackupLine> Lines(string path, DateTimeOffset before, int most, DateTimeOffset now, string program)
    {
        using var connection = SqliteConnection.Open(path, null, TimeSpan.FromSeconds(5));
        var shardCount = SqliteSchema.Open(connection, path);
        connection.Execute("pragma query_only = on; begin");
        yield return new BackupHead(BackupHead.FormatNow, shardCount, now, program, BackupHead.Archive);
        var rows = new EventRow(SqliteSchema.SummedAfter(connection));
        var events = connection.Prepare($"select {EventRow.Columns} from event where stream = ?1 order by ver");
        var closed = connection.Prepare(Closed);
        closed.Bind(1, StoredTime.ToTicks(before));
        closed.Bind(2, most);
        while (closed.Step())
        {
            var key = closed.Text(1);
            yield return new BackupStream(key, closed.Int(2), closed.Int(4), true, null, closed.Long(3));
            events.Bind(1, closed.Long(0));
            while (events.Step()) yield return BackupEvent.Of(rows.Read(events, _ => key));
        }
    }

    private sealed class Emptying(SqliteConnection connection, string archive)
    {
        private readonly Statement _find = connection.Prepare("select id from stream where key = ?1 and closed = 1");
        private readonly Statement _events = connection.Prepare($"select ver, shard, seq, term, at from event where stream = ?1 and type <> '{ArchivedEvent.Type}'");
        private readonly Statement _empty = connection.Prepare($"update event set type = '{ArchivedEvent.Type}', schema = 1, body = ?3, meta = '{ArchivedEvent.Empty}', sum = ?4 where stream = ?1 and ver = ?2");
        private readonly Statement _snapshot = connection.Prepare("delete from snapshot where stream = ?1");

        public long Empty(string key)
        {
            if (IdOf(key) is not { } id) return 0;
            List<(int Version, int Shard, long Seq, long Term, long At)> events = [];
            _events.Bind(1, id);
            while (_events.Step()) events.Add((_events.Int(0), _events.Int(1), _events.Long(2), _events.Long(3), _events.Long(4)));
            foreach (var e in events)
            {
                var body = Encoding.UTF8.GetBytes(ArchivedEvent.BodyOf(e.Version, archive));
                _empty.Bind(1, id);
                _empty.Bind(2, e.Version);
                _empty.BindText(3, body);
                _empty.Bind(4, EventSum.Of(key, e.Version, e.Shard, e.Seq, e.Term, ArchivedEvent.Type, 1, e.At, body, "{}"u8));
                _empty.Run();
            }

            _snapshot.Bind(1, id);
            _snapshot.Run();
            return events.Count;
        }

        private long? IdOf(string key)
        {
            _find.Bind(1, key);
            if (!_find.Step()) return null;
            var id = _find.Long(0);
            _find.Reset();
            return id;
        }
    }
}
