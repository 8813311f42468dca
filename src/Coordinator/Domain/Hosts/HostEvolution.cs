using System.Collections.Immutable;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Hosts;

/// <summary>Folds events into the host. Pure.</summary>
public static class HostEvolution
{
    public static HostState Evolve(HostState s, HostEvent happened) => happened switch
    {
        HostAdmitted e => s with { Id = e.Host, JournalId = e.JournalId, StartCount = e.StartCount, BootId = e.BootId, Facts = e.Facts },
        HostEnrolled e => s with { Id = e.Host, Enrolled = true },
        HostRetired e => s with { RetiredReason = e.Reason },
        HostCordoned e => s with { CordonReason = e.Reason },
        HostUncordoned => s with { CordonReason = null },
        HostDeclaredLost e => s with { WrittenOffReason = e.Reason, CordonReason = s.CordonReason ?? "written off" },
        CapacityClaimed e => s with
        {
            Claims = s.Claims.SetItem(e.Claim, e.What),
            ClaimedMemory = s.ClaimedMemory + e.What.Memory,
            ClaimedVcpus = s.ClaimedVcpus + e.What.Vcpus,
        },
        CapacityRefused e => Remember(s, e.Claim, new ClaimAnswer(e.Problem)),
        CapacityReleased e => Release(s, e.Claim),
        _ => throw new CorruptHistoryException(s, happened),
    };

    private static HostState Release(HostState s, string claim)
    {
        if (s.Claims.TryGetValue(claim, out var held))
        {
            s = s with
            {
                Claims = s.Claims.Remove(claim),
                ClaimedMemory = s.ClaimedMemory - held.Memory,
                ClaimedVcpus = s.ClaimedVcpus - held.Vcpus,
            };
        }

        return Remember(s, claim, new ClaimAnswer(null));
    }

    private static HostState Remember(HostState s, string claim, ClaimAnswer answer)
    {
        var full = s.Answered.Count >= HostState.AnsweredMin && !s.Answered.ContainsKey(claim);
        return s with
        {
            Answered = (full ? ImmutableDictionary<string, ClaimAnswer>.Empty : s.Answered).SetItem(claim, answer),
            AnsweredBefore = full ? s.Answered : s.AnsweredBefore,
        };
    }
}
