using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// A plan being carried out: told what has happened, it says who starts. It counts with what was planned, never with the times of the forecast, so
/// a guest that takes longer delays only those that need its links or its room. A guest is one move: nobody moves twice in a plan.
/// </summary>
public sealed class PlanRun
{
    private readonly PlanIndex _index;
    private readonly StartRule _rule;
    private readonly Dictionary<string, (Mover Guest, int To)> _moves = new(StringComparer.Ordinal);
    private readonly List<List<PlannedMove>> _waiting;
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);
    private readonly double _soak;
    private int _wave;
    private int _waveUnderWay;

    public PlanRun(PlanInstance instance, EvacuationPlan plan)
    {
        _index = new PlanIndex(instance);
        _rule = new StartRule(_index, plan.StartRule.LeastShare);
        _soak = instance.SoakSeconds;
        var byName = _index.Guests.ToDictionary(g => g.Name, StringComparer.Ordinal);
        foreach (var move in plan.Moves) _moves[move.Guest] = (byName[move.Guest], _index.HostOf(move.Destination));
        foreach (var flight in _index.Guests.Where(g => g.Flight >= 0)) _underWay.Add(flight.Name);
        _waiting = [.. plan.Moves.Where(m => !_underWay.Contains(m.Guest)).GroupBy(m => m.Wave).OrderBy(w => w.Key).Select(w => w.OrderBy(m => m.Order).ToList())];
    }

    /// <summary>When the next wave may begin, seconds; null while one runs or none is left.</summary>
    public double? OpensAt { get; private set; }

    public bool IsDone => _wave >= _waiting.Count && _underWay.Count == 0;

    /// <summary>Who starts now, in order; from now on they are under way.</summary>
    /// <param name="now">Seconds from the evacuation's start.</param>
    public IReadOnlyList<PlannedMove> StartNow(double now)
    {
        if (_wave >= _waiting.Count || now < OpensAt) return [];
        OpensAt = null;
        List<PlannedMove> starting = [];
        foreach (var move in _waiting[_wave])
        {
            var (guest, to) = _moves[move.Guest];
            if (_rule.WhyNot(guest, to).Kind != HoldKind.None) continue;
            _rule.Start(guest, to);
            _underWay.Add(move.Guest);
            _waveUnderWay++;
            starting.Add(move);
        }

        _waiting[_wave].RemoveAll(starting.Contains);
        foreach (var name in _underWay) _rule.Raise(_moves[name].Guest, _moves[name].To);
        return starting;
    }

    /// <summary>A guest will be done within a set-up time: who waits for its links may start. A hint, safe to repeat or to leave out.</summary>
    public void Ending(string guest)
    {
        if (_underWay.Contains(guest)) _rule.Ending(_moves[guest].Guest, _moves[guest].To);
    }

    /// <summary>It runs at its destination. Safe to repeat.</summary>
    /// <param name="now">Seconds from the evacuation's start.</param>
    public void Arrived(string guest, double now)
    {
        if (!_underWay.Remove(guest)) return;
        var (mover, to) = _moves[guest];
        _rule.Finish(mover, to);
        if (mover.Flight >= 0) return;
        _waveUnderWay--;
        if (_waveUnderWay > 0 || _waiting[_wave].Count > 0) return;
        _wave++;
        OpensAt = _wave < _waiting.Count ? now + _soak : null;
    }
}
