namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>How many migrations may run at once, all caps together; each at least 1.</summary>
/// <param name="HostOut">Leaving one host.</param>
/// <param name="HostIn">Arriving at one host.</param>
/// <param name="Link">Crossing one rack's uplink in one direction, or the core; null = no cap.</param>
/// <param name="Group">Of one anti-affinity group.</param>
public sealed record PlanCaps(int Global = 256, int HostOut = 4, int HostIn = 4, int? Link = null, int Group = 1)
{
    public static readonly PlanCaps Default = new();
}
