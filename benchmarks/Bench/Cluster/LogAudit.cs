using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Npgsql;

namespace Coordinator.Bench.Cluster;

/// <summary>What the log must be after any faults: whole, with everything that was acknowledged in it, and each migration ended once.</summary>
public static class LogAudit
{
    private static readonly string[] Ends = [nameof(MigrationCompleted), nameof(MigrationAborted), nameof(MigrationLost)];

    /// <param name="accepted">Migrations whose request was answered.</param>
    /// <param name="acknowledged">Reports whose acknowledgement arrived at their host.</param>
    /// <returns>Events or facts that are missing, and things that happened twice; with the number of events looked at.</returns>
    public static (long Lost, long Doubled, long Events) Of(string connectionString, IEnumerable<string> accepted, IEnumerable<Report> acknowledged)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Search Path=coordinator;Command Timeout=300");
        connection.Open();
        long Ask(string sql)
        {
            using var query = new NpgsqlCommand(sql, connection);
            return Convert.ToInt64(query.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        }

        var events = Ask("select count(*) from event");
        var lost = Ask("select coalesce(max(pos), 0) - count(*) from event")
            + Ask("select coalesce(sum(most - n), 0) from (select max(ver) most, count(*) n from event group by stream) s")
            + Ask("select coalesce(sum(most - n), 0) from (select max(seq) most, count(*) n from event group by shard) s");

        var facts = new Dictionary<string, Dictionary<string, int>>();
        using (var query = new NpgsqlCommand("select s.key, e.type, count(*)::int from event e join stream s on s.id = e.stream where s.key like 'migration-%' group by s.key, e.type", connection))
        using (var row = query.ExecuteReader())
        {
            while (row.Read()) (facts.TryGetValue(row.GetString(0), out var types) ? types : facts[row.GetString(0)] = [])[row.GetString(1)] = row.GetInt32(2);
        }

        int Times(string stream, string type) => facts.TryGetValue(stream, out var types) ? types.GetValueOrDefault(type) : 0;
        lost += accepted.Count(id => Ends.Sum(type => Times("migration-" + id, type)) == 0 || Times("migration-" + id, nameof(MigrationClosed)) == 0);
        lost += acknowledged.OfType<MigrationReport>().Count(r => FactOf(r) is { } type && Times(r.Migration.StreamKey, type) == 0 && Times(r.Migration.StreamKey, nameof(MigrationCompleted)) > 0);
        var doubled = facts.Keys.Count(stream => Ends.Sum(type => Times(stream, type)) > 1 || Times(stream, nameof(MigrationClosed)) > 1 || Times(stream, nameof(SwitchoverGranted)) > 1);
        return (lost, doubled, events);
    }

    // The event that must be in the log of a migration that completed, once its report was acknowledged.
    private static string? FactOf(MigrationReport report) => report switch
    {
        PrecheckReported => nameof(PrecheckPassed),
        RoundCompleted => nameof(PreCopyRoundCompleted),
        Owned => nameof(MigrationCompleted),
        Released => nameof(SourceReleased),
        Verified => nameof(DestinationVerified),
        _ => null,
    };
}
