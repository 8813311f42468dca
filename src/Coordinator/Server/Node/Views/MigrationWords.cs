using Coordinator.Application.Projections;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node.Views;

/// <summary>Where a migration stands, in words. Every waiting has a name: silence is what operators do not forgive.</summary>
internal static class MigrationWords
{
    public static string Phase(MigrationState state) => state switch
    {
        AwaitingPermit => "Queued",
        Ended => "Settling",
        _ => state.GetType().Name,
    };

    public static string Verdict(MigrationRow row)
    {
        var plan = row.Plan;
        return row.State switch
        {
            Prechecking => $"asking {plan.Source} and {plan.Destination} whether it can be done",
            AwaitingPermit => "waiting for a permit: as many migrations run as are allowed at once",
            Reserving => $"claiming {plan.Spec.Memory} at {plan.Destination}",
            Preparing => $"{plan.Destination} gets ready to receive the guest",
            PreCopying => row.Verdict ?? "the first round copies all memory while the guest runs",
            SwitchingOver => "the switchover is allowed; the hosts hand the guest over",
            Cancelling => "asked to stop after the switchover was allowed; the hosts' durable words decide",
            GoingForward => $"{plan.Source} is gone; {plan.Destination} takes over with the complete copy",
            Held { Choice: null } => $"held: {row.Reason}",
            Held => $"{row.Reason}; being carried out",
            Ended or Closed => Outcome(row),
            _ => "",
        };
    }

    public static IReadOnlyList<string> WaitingOn(MigrationRow row, HostLinks links)
    {
        var waiting = new List<string>();
        foreach (var (host, order) in MigrationOrders.Pending(row.State)) waiting.Add($"{host} to answer {order.GetType().Name}{Silence(host, links)}");
        foreach (var action in MigrationObligations.Pending(row.State)) waiting.Add(Words(action));
        if (row.State is Held { Choice: null }) waiting.Add("a person: resolve it");
        return waiting;
    }

    private static string Outcome(MigrationRow row)
    {
        var plan = row.Plan;
        return row.Outcome switch
        {
            MigrationOutcome.Completed when row.State is Closed => $"runs on {plan.Destination}; nothing is left on {plan.Source}",
            MigrationOutcome.Completed => $"runs on {plan.Destination}; cleaning up",
            MigrationOutcome.Aborted => $"stays on {plan.Source}: {row.Reason}",
            MigrationOutcome.Lost => $"its only copy was lost: {row.Reason}",
            MigrationOutcome.Held => row.Reason ?? "decided by a person",
            _ => "",
        };
    }

    private static string Silence(HostId host, HostLinks links) => links.Of(host).Phase switch
    {
        "Ready" => "",
        "Unknown" => " (not heard of since this coordinator started)",
        var phase => $" (the host is {phase})",
    };

    private static string Words(ClaimAction action) => action.Verb switch
    {
        ClaimVerb.AskPermit => $"a permit of pool {action.Plan.Pool}",
        ClaimVerb.AskCapacity => $"{action.Plan.Destination}'s ledger to grant {action.Plan.Spec.Memory}",
        ClaimVerb.ReturnPermit => "the permit to be counted as free",
        ClaimVerb.ReturnSourceCapacity => $"{action.Plan.Source}'s ledger to count the memory as free",
        ClaimVerb.ReturnDestinationCapacity => $"{action.Plan.Destination}'s ledger to count the memory as free",
        _ => action.Verb.ToString(),
    };
}
