using System.Diagnostics.Metrics;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>What is being emptied, and what became of it. Counts of this process: events of earlier ones are history, not rates.</summary>
internal sealed class EvacuationMetrics : ICommitListener, IDisposable
{
    private readonly Meter _meter;
    private readonly FleetProjection _fleet;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _failed;
    private readonly Histogram<double> _duration;

    public EvacuationMetrics(FleetProjection fleet, IMeterFactory meters)
    {
        _meter = meters.Create("lm.evacuations");
        _fleet = fleet;
        _ended = _meter.CreateCounter<long>("lm_evacuations_total", description: "Evacuations that ended, by outcome.");
        _failed = _meter.CreateCounter<long>("lm_evacuation_guest_failures_total", description: "Tries of guests that failed, by reason code and whether for good.");
        _duration = _meter.CreateHistogram("lm_evacuation_duration_seconds", "s", "From request to outcome.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200] });
        _meter.CreateObservableGauge("lm_evacuations_open", () => Open().GroupBy(e => e.Phase).Select(g => In(g.Count(), g.Key.ToString())), description: "Evacuations that are not over, by phase.");
        _meter.CreateObservableGauge("lm_evacuation_hosts_remaining", () => Open().Sum(Remaining), description: "Hosts of open evacuations that guests have not all left.");
        _meter.CreateObservableGauge("lm_evacuation_guests", () => Open().SelectMany(e => e.Guests.Values).GroupBy(g => g.Phase).Select(g => In(g.Count(), g.Key.ToString())), description: "Guests of open evacuations, by phase.");
    }

    public void Committed(CommittedEvent happened)
    {
        if (happened.Body is GuestFailed failed) _failed.Add(1, new("code", failed.Code), new("final", failed.Final ? "true" : "false"));
        if (happened.Body is not EvacuationEnded ended) return;
        _ended.Add(1, new KeyValuePair<string, object?>("outcome", ended.Outcome.ToString()));
        if (EvacuationId.TryParseKey(happened.Stream, out var id) && _fleet.Evacuation(id) is { } row) _duration.Record((happened.At - row.State.RequestedAt).TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Evacuation> Open() => _fleet.Evacuations().Select(row => row.State).Where(e => !e.IsOver);

    private static int Remaining(Evacuation e) => e.Guests.Values.Where(g => g.Phase != GuestPhase.Arrived && e.Empties(g.Source)).Select(g => g.Source).Distinct().Count();

    private static Measurement<int> In(int count, string phase) => new(count, new KeyValuePair<string, object?>("phase", phase));
}
