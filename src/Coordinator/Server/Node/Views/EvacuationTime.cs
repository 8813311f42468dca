using Coordinator.Application.Projections;
using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Server.Node.Views;

/// <summary>
/// How long an evacuation may still take: what the forecast has left after the bytes that were moved, at the pace that was seen since. The band is as wide,
/// in proportion, as that of the plan.
/// </summary>
internal static class EvacuationTime
{
    // Halvings of the makespan: far below a second.
    private const int Steps = 32;

    // A pace says something once this much of the forecast has passed, and is never taken for more than this.
    private const double PaceFrom = 0.05;
    private const double PaceMin = 0.5;
    private const double PaceMax = 4;

    /// <returns>Null while it does not go on, and when nothing is left.</returns>
    public static EvacuationEta? Left(EvacuationRow row, Func<MigrationId, ByteCount?> remaining, DateTimeOffset now)
    {
        var s = row.State;
        var plan = s.Plan.Eta;
        if (s.Phase is not (EvacuationPhase.Pending or EvacuationPhase.Running) || s.Counts.Waiting + s.Counts.UnderWay == 0 || plan.P50Seconds <= 0) return null;
        var reached = Reached(s.Plan, s.Plan.Moves.Sum(move => move.Bytes.Value * Done(s, move, remaining)));
        var went = s.StartedAt is { } started ? Math.Max(0, (now - started - row.PausedFor).TotalSeconds) : 0;
        var pace = reached > plan.P50Seconds * PaceFrom ? Math.Clamp(went / reached, PaceMin, PaceMax) : 1;
        var left = (plan.P50Seconds - reached) * pace;
        return new EvacuationEta(Math.Round(left, 1), Math.Round(left * Math.Max(1, plan.P90Seconds / plan.P50Seconds), 1));
    }

    private static double Done(Evacuation s, PlannedMove move, Func<MigrationId, ByteCount?> remaining) => s.Guests.GetValueOrDefault(move.Guest) switch
    {
        { IsSettled: true } => 1,
        { Phase: GuestPhase.Moving, Migration: { } id } when remaining(id) is { } left => Math.Clamp(1 - ((double)left.Value / Math.Max(1, move.Bytes.Value)), 0, 1),
        _ => 0,
    };

    // The earliest time at which the forecast has moved so much.
    private static double Reached(EvacuationPlan plan, double bytes)
    {
        var (from, to) = (0.0, plan.Eta.P50Seconds);
        for (var step = 0; step < Steps; step++)
        {
            var middle = (from + to) / 2;
            if (plan.Moves.Sum(move => move.Bytes.Value * Part(move, middle)) >= bytes) to = middle;
            else from = middle;
        }

        return to;
    }

    private static double Part(PlannedMove move, double at) => Math.Clamp((at - move.StartSeconds) / Math.Max(1e-9, move.EndSeconds - move.StartSeconds), 0, 1);
}
