using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>A host, its agent and what it may take.</summary>
public sealed record HostResource(string Kind, Metadata Metadata, HostSpec Spec, HostStatus Status)
{
    public const string KindName = "Host";
}

/// <summary>What operators want of a host.</summary>
/// <param name="Schedulable">False = cordoned: takes no new guests, loses none.</param>
/// <param name="CordonReason">The words given with the cordon.</param>
public sealed record HostSpec(bool Schedulable, string? CordonReason);

/// <summary>What is true of a host now.</summary>
/// <param name="Phase"><c>Unknown</c> (not heard of since the coordinator started), <c>Ready</c>, <c>Draining</c> (an evacuation empties it), <c>Empty</c> (it can be switched off), <c>Late</c> (heartbeats missing), <c>Gone</c> (link lost), <c>Refused</c> (conflicting identity), <c>WrittenOff</c>, <c>Retired</c>, <c>Enrolled</c> (its agent has never connected).</param>
/// <param name="Reason">One sentence behind the phase; empty when Ready.</param>
public sealed record HostStatus(string Phase, string Reason)
{
    /// <summary>Guest memory this host has; null until its agent said so.</summary>
    public ByteCount? Memory { get; init; }

    /// <summary>Promised to guests that are there or on their way.</summary>
    public ByteCount? MemoryClaimed { get; init; }

    public int? Cpus { get; init; }

    public int? CpusClaimed { get; init; }

    /// <summary>Address of the migration network.</summary>
    public string? Address { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>How often the agent has started; grows by one each time.</summary>
    public long? StartCount { get; init; }

    /// <summary>Kinds of guests it can run: <c>native</c>, <c>qemu</c>.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [];

    /// <summary>VMs placed here.</summary>
    public IReadOnlyList<string> Vms { get; init; } = [];

    /// <summary>Open claims: VMs that are here or may still arrive, with the migration they belong to.</summary>
    public IReadOnlyList<HostClaim> Claims { get; init; } = [];

    /// <summary>What the agent found out about its machine at start.</summary>
    public IReadOnlyList<Problem> Notes { get; init; } = [];

    /// <summary>True only when it was observed: it takes no guests, none is here or on its way, nothing of a migration is left, and its agent is connected and names none.</summary>
    public bool SafeToPowerOff { get; init; }

    /// <summary>Why it is not, as one sentence; null when it is.</summary>
    public string? NotSafeBecause { get; init; }

    /// <summary>Legal actions now, as words of this API (<c>cordon</c>, <c>writeOff</c> …).</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}

/// <summary>Capacity promised to one VM.</summary>
public sealed record HostClaim(string Claim, string Vm, ByteCount Memory, int Vcpus, bool Occupies);
