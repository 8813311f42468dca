using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Convergence;

namespace Simulator.Evacuations;

/// <summary>A guest under way: rounds of pre-copy, then stop-and-copy. While a round is sent, the guest dirties at most its hot set anew.</summary>
internal sealed class FluidGuest(PlanGuest guest, string to, int[] links, double setupEnds)
{
    private static readonly double Fixed = ConvergenceRule.FixedPart.TotalSeconds;

    private readonly MigrationPolicy _policy = guest.Policy ?? MigrationPolicy.Default;
    private readonly double _hot = Math.Min(guest.Memory.Value, guest.HotSet?.Value ?? guest.Memory.Value);
    private double _size = guest.InFlight?.Remaining.Value ?? guest.Memory.Value;
    private double _dirty;
    private int _round = 1;
    private bool _stopped;
    private double _stoppedFor;

    public PlanGuest Guest { get; } = guest;

    public string To { get; } = to;

    public int[] Links { get; } = links;

    public double RateMax => _policy.MaxBandwidth?.Value ?? double.PositiveInfinity;

    /// <summary>Bytes per second; 0 during set-up and after the last byte.</summary>
    public double Rate { get; set; }

    public double Left { get; private set; } = guest.InFlight?.Remaining.Value ?? guest.Memory.Value;

    /// <summary>When its set-up, and after its last byte the fixed part of its blackout, ends.</summary>
    public double PausedUntil { get; private set; } = setupEnds;

    public bool IsSending(double now) => !HasArrived && !_last && now >= PausedUntil;

    public bool HasArrived { get; private set; }

    public double Sent { get; private set; }

    public double Blackout { get; private set; }

    public bool IsOverCap => Blackout > (_policy.MaxBlackoutMs / 1000.0) + 1e-6;

    public bool ToldEnding { get; set; }

    private bool _last;

    public void Advance(double seconds, double now)
    {
        if (!IsSending(now)) return;
        Left = Math.Max(0, Left - (Rate * seconds));
        Sent += Rate * seconds;
        if (_stopped) _stoppedFor += seconds;
        else _dirty = Math.Min(_hot, _dirty + (Guest.DirtyRate.Value * seconds));
    }

    /// <summary>Something of it is due: a round is through, or it has arrived.</summary>
    public void Turn(double now)
    {
        if (_last)
        {
            if (now < PausedUntil) return;
            (HasArrived, Blackout) = (true, _stoppedFor + Fixed);
            return;
        }

        if (now < PausedUntil || Left > 1e-3) return;
        if (_stopped)
        {
            (_last, Rate, PausedUntil) = (true, 0, now + Fixed);
            return;
        }

        var before = _size;
        _stopped = (_dirty / Rate) + Fixed <= _policy.MaxBlackoutMs / 1000.0 || _round >= _policy.MaxRounds || (_round >= PatienceRounds && _dirty > before * Shrinks);
        (_size, Left, _dirty) = (_dirty, _dirty, 0);
        _round++;
        if (Left <= 1e-3 && _stopped) (_last, Rate, PausedUntil) = (true, 0, now + Fixed);
    }

    /// <summary>Seconds until its end if its rate stays: what the coordinator reckons from progress samples.</summary>
    public double Remaining(double now)
    {
        if (_last) return PausedUntil - now;
        if (now < PausedUntil || Rate <= 0) return double.PositiveInfinity;
        var (sum, dirty, round) = (Left, Math.Min(_hot, _dirty + (Guest.DirtyRate.Value * Left / Rate)), _round);
        while (!_stopped && (dirty / Rate) + Fixed > _policy.MaxBlackoutMs / 1000.0 && round++ < Math.Min(PatienceRounds, _policy.MaxRounds))
        {
            sum += dirty;
            dirty = Math.Min(_hot, Guest.DirtyRate.Value * dirty / Rate);
        }

        return ((_stopped ? sum : sum + dirty) / Rate) + Fixed;
    }

    private const int PatienceRounds = 6;
    private const double Shrinks = 0.9;
}
