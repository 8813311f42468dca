using Coordinator.Application.Backup;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>Closed streams of a database as lines of an archive, and the database without what they say. Beside coordinators at work; to be run by its owner.</summary>
public static class PostgresArchive
{
    private const int StreamsPerTransaction = 200;

    private const string Closed = $"""
        select s.id from stream s
         where s.closed and (select e.at from event e where e.stream = s.id order by e.ver desc limit 1) < $1
           and (select e.type from event e where e.stream = s.id and e.ver = 1) <> '{ArchivedEvent.Type}'
         order by s.id limit $2
        """;

    // The trigger on the table lets nothing else through: a closed stream's events, and only what they say.
    private const string Emptied = $$"""
        with emptied as (
          update event e set type = '{{ArchivedEvent.Type}}', schema = 1, meta = '{{ArchivedEvent.Empty}}', body = case when e.ver = 1 then $2 else '{{ArchivedEvent.Empty}}' end
            from stream s where s.key = any($1) and s.closed and e.stream = s.id and e.type <> '{{ArchivedEvent.Type}}' returning e.stream),
        without as (delete from snapshot where stream in (select stream from emptied))
        select count(*) from emptied
        """;

    /// <summary>Streams that were closed before a time and are not in an archive yet, the oldest first, each followed by its events.</summary>
    /// <param name="most">Streams.</param>
    /// <param name="program">Version of this program.</param>
    /// <exception cref="StoreConfigurationException">Cannot be used as configured.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached, or went away; begin again.</exception>
    public static IEnumerable<BackupLine> Read(PostgresStoreOptions options, DateTimeOffset before, int most, DateTimeOffset now, string program) =>
        PostgresBackup.Told(options, connection => Lines(connection, options.ShardCount, before, most, now, program));

    /// <summary>Takes out of the log what these streams say: see <see cref="ArchivedEvent"/>. Safe to repeat, also after it was killed half-way.</summary>
    /// <param name="streams">Keys; one that is not closed is left alone.</param>
    /// <param name="archive">Name of the file they are in, durable and compared.</param>
    /// <returns>Events taken out.</returns>
    /// <exception cref="StoreConfigurationException">Not the owner of the tables.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached, or went away; repeat it.</exception>
    public static long Empty(PostgresStoreOptions options, IEnumerable<string> streams, string archive)
    {
        using var connections = new PostgresConnections(options);
        try
        {
            using var connection = connections.OpenWriter();
            var events = 0L;
            foreach (var part in streams.Chunk(StreamsPerTransaction))
            {
                using var empty = new NpgsqlCommand(Emptied, connection) { CommandTimeout = 0, Parameters = { new() { Value = part }, new() { Value = ArchivedEvent.BodyOf(1, archive) } } };
                events += (long)empty.ExecuteScalar()!;
            }

            return events;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreConfigurationException($"{connections.Place}: this role may not change the log: run it as the owner of the tables, as schema migrate is", e);
        }
        catch (Exception e) when (PostgresFailure.OfRepeatable(e, connections.Place) is { } told)
        {
            throw told;
        }
    }

    private static IEnumerable<BackupLine> Lines(NpgsqlConnection connection, int shardCount, DateTimeOffset before, int most, DateTimeOffset now, string program)
    {
        yield return new BackupHead(BackupHead.FormatNow, shardCount, now, program, BackupHead.Archive);
        List<long> ids = [];
        using (var query = new NpgsqlCommand(Closed, connection) { CommandTimeout = 0, Parameters = { new() { Value = StoredTime.ToTicks(before) }, new() { Value = most } } })
        {
            using var row = query.ExecuteReader();
            while (row.Read()) ids.Add(row.GetInt64(0));
        }

        foreach (var part in ids.Chunk(StreamsPerTransaction))
        {
            using var query = new NpgsqlCommand($"select s.timer_token, s.ver, {EventRow.Columns} from stream s join event e on e.stream = s.id where s.id = any($1) order by s.id, e.ver", connection)
            {
                CommandTimeout = 0,
                Parameters = { new() { Value = part } },
            };
            using var row = query.ExecuteReader();
            while (row.Read())
            {
                var e = EventRow.Read(row, first: 2);
                if (e.Version == 1) yield return new BackupStream(e.Stream, e.Shard, row.GetInt32(1), true, null, row.GetInt64(0));
                yield return BackupEvent.Of(e);
            }
        }
    }
}
