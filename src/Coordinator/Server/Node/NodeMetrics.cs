using System.Diagnostics.Metrics;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Domain.Migrations;
using Coordinator.Server.Hosting;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>What the coordinator itself measures. Counts of this process: events of earlier ones are history, not rates.</summary>
internal sealed class NodeMetrics : ICommitListener, IDisposable
{
    private readonly Meter _meter;
    private readonly FleetProjection _fleet;
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _blackout;
    private readonly Histogram<int> _rounds;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _events;

    public NodeMetrics(CoordinatorNode node, FleetProjection fleet, Certificates certificates, IMeterFactory meters)
    {
        _meter = meters.Create("lm.node");
        _fleet = fleet;
        _ended = _meter.CreateCounter<long>("lm_migrations_total", description: "Migrations that ended, by outcome and reason code.");
        _duration = Histogram("lm_migration_duration_seconds", "s", "From request to outcome.", 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600);
        _blackout = Histogram("lm_migration_blackout_seconds", "s", "No vCPU ran anywhere.", 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5);
        _rounds = _meter.CreateHistogram("lm_migration_rounds", description: "Pre-copy rounds of ended migrations.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 3, 5, 8, 13, 21, 34] });
        _bytes = _meter.CreateCounter<long>("lm_transfer_bytes_total", "By", "Bytes sent in finished rounds.");
        _events = _meter.CreateCounter<long>("lm_events_total", description: "Events committed by this process.");
        var append = Histogram("lm_event_append_duration_seconds", "s", "One group commit.", 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1);
        node.Statistics.AppendMeasured += (events, took) => append.Record(took.TotalSeconds);
        _meter.CreateObservableGauge("lm_migrations_inflight", InFlight, description: "Migrations that are not closed, by state.");
        _meter.CreateObservableGauge("lm_shard_owned", () => node.Failed.IsCompleted ? 0 : node.OwnedShards.Count, description: "Shards this process decides for.");
        _meter.CreateObservableGauge("lm_certificate_expiry_seconds", () => new DateTimeOffset(certificates.Node.NotAfter).ToUnixTimeSeconds(), description: "When this node's certificate ends, Unix time.");
        _meter.CreateObservableGauge("lm_projection_skipped_events", () => fleet.Skipped, description: "Events of types this version does not know.");
    }

    public void Committed(CommittedEvent happened)
    {
        _events.Add(1);
        switch (happened.Body)
        {
            case PreCopyRoundCompleted round: _bytes.Add(round.Facts.Sent.Value); break;
            case MigrationCompleted or MigrationAborted or MigrationLost or MigrationHeld: Ended(happened); break;
        }
    }

    public void Dispose() => _meter.Dispose();

    private void Ended(CommittedEvent happened)
    {
        if (!MigrationId.TryParse(happened.Stream["migration-".Length..], out var id) || _fleet.Migration(id) is not { } row) return;
        _ended.Add(1, new("outcome", row.Outcome?.ToString()), new("reason", row.Code));
        _duration.Record((happened.At - row.RequestedAt).TotalSeconds);
        _rounds.Record(row.Rounds.Count);
        if (row.BlackoutMs is { } blackout) _blackout.Record(blackout / 1000);
    }

    private IEnumerable<Measurement<int>> InFlight() =>
        _fleet.InFlight().Select(pair => new Measurement<int>(pair.Value, new KeyValuePair<string, object?>("phase", pair.Key)));

    private Histogram<double> Histogram(string name, string unit, string description, params double[] bounds) =>
        _meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
