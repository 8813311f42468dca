using Coordinator.Application.Projections;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>
/// Finds a store that has gone backwards (an old copy put back): an agent has seen an order that this store does not know of
/// (design: rule 13). From then on nothing is admitted and <c>/readyz</c> is red.
/// </summary>
public sealed class StoreRegression(FleetProjection fleet)
{
    private volatile string? _found;

    /// <summary>What is wrong, in one sentence; null if nothing is.</summary>
    public string? Found => _found;

    /// <summary>Compares what an agent has seen with what is stored.</summary>
    public string? Check(AgentHello hello)
    {
        var (host, highestSeen) = (hello.Host, hello.HighestSeen);
        if (hello.Restore is { } restore && fleet.Restored is null) return _found = $"{host} has told a store that was restored ({restore}); this one is older: put a newer copy back";
        foreach (var mark in highestSeen)
        {
            if (VersionOf(mark.Subject) is not { } known || mark.Number <= known) continue;
            // Another node may have committed it a moment ago: what counts is what is stored.
            fleet.ReadOn();
            if (VersionOf(mark.Subject) is not { } version || mark.Number <= version) continue;
            return _found = $"{host} has seen order {mark.Number} of {mark.Subject}, this store ends at version {version}: it has gone backwards; put a newer copy back";
        }

        return null;
    }

    // A stream that is not known at all counts as version 0: its order came from somewhere.
    private long? VersionOf(string subject)
    {
        if (subject.StartsWith("migration-", StringComparison.Ordinal))
        {
            return MigrationId.TryParse(subject["migration-".Length..], out var id) ? fleet.VersionOf(id) : null;
        }

        return subject.StartsWith("vm-", StringComparison.Ordinal) && VmId.TryParse(subject["vm-".Length..], out var vm) ? fleet.Vm(vm)?.Version ?? 0 : null;
    }
}
