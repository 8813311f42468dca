using System.Globalization;
using Coordinator.Application.Projections;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node.Views;

/// <summary>A migration as the API shows it.</summary>
internal static class MigrationView
{
    public static MigrationResource Of(MigrationRow row, ProgressSample? sample, HostLinks links, string node)
    {
        var plan = row.Plan;
        var phase = MigrationWords.Phase(row.State);
        var status = new MigrationStatus(phase, MigrationWords.Verdict(row), plan.Epoch.Value)
        {
            Outcome = row.Outcome?.ToString(),
            Quality = row.Outcome == MigrationOutcome.Completed && row.Well is { } well ? (well ? "Verified" : "Degraded") : null,
            Code = row.Code,
            Reason = row.Reason,
            Cancel = Cancel(row),
            Round = row.Rounds.Count == 0 ? 0 : row.Rounds[^1].Round,
            Transfer = Transfer(row, sample),
            Rounds = row.Rounds,
            ForecastMs = row.ForecastMs,
            ThrottlePercent = row.Rounds.Count == 0 ? 0 : row.Rounds[^1].ThrottlePercent,
            BlackoutMs = row.BlackoutMs,
            Digest = row.Digest,
            Sent = row.Sent,
            Resent = row.Resent,
            WaitingOn = MigrationWords.WaitingOn(row, links),
            Problems = row.Problems,
            Owner = new OwnerStatus(node, row.Shard, row.Term.Value),
            Resumes = row.Resumes,
            Evacuation = plan.Evacuation?.Value,
            RetryOf = plan.RetryOf?.Value,
            RetriedBy = row.RetriedBy?.Value,
            EndedAt = row.EndedAt,
            ClosedAt = row.ClosedAt,
            Actions = Actions(row.State),
        };
        var metadata = new Metadata(plan.Id.Value, row.Version.ToString(CultureInfo.InvariantCulture), 1, row.RequestedAt);
        return new MigrationResource(MigrationResource.KindName, metadata, new MigrationSpec(plan.Vm.Value, plan.Source.Value, plan.Destination.Value, plan.Policy), status);
    }

    private static string? Cancel(MigrationRow row)
    {
        if (row is { Outcome: MigrationOutcome.Aborted, Code: "cancelled" } or { CancelAsked: true, Outcome: MigrationOutcome.Aborted }) return "cancelled";
        if (!row.CancelAsked) return null;
        return row.Outcome is null ? "requested" : "tooLate";
    }

    // A sample is newer than the last round while its round still runs.
    private static TransferStatus? Transfer(MigrationRow row, ProgressSample? sample)
    {
        var last = row.Rounds.Count == 0 ? null : row.Rounds[^1];
        if (sample is not null && row.Outcome is null && sample.Round > (last?.Round ?? 0))
        {
            return new TransferStatus(sample.Sent, sample.Remaining, sample.Bandwidth, sample.DirtyRate, Ratio(sample.DirtyRate.Value, sample.Bandwidth.Value), Live: true);
        }

        if (last is null) return null;
        var sent = row.Sent ?? new Shared.Units.ByteCount(row.Rounds.Sum(round => round.Sent.Value));
        // Completed means that nothing remained; what the last round left went over in the blackout.
        var remaining = row.Outcome == MigrationOutcome.Completed ? Shared.Units.ByteCount.Zero : last.Dirty;
        return new TransferStatus(sent, remaining, last.Bandwidth, last.DirtyRate, Ratio(last.DirtyRate.Value, last.Bandwidth.Value), Live: false);
    }

    private static double? Ratio(long dirtied, long sent) => sent > 0 ? Math.Round((double)dirtied / sent, 3) : null;

    private static string[] Actions(MigrationState state) => state switch
    {
        Held { Choice: null } => ["resolve"],
        PreCopying { Facts.Forced: false } or SwitchingOver { Facts.Forced: false } => ["cancel", "forceSwitchover"],
        Prechecking or AwaitingPermit or Reserving or Preparing or PreCopying or SwitchingOver => ["cancel"],
        _ => [],
    };
}
