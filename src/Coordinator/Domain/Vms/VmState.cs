using System.Text.Json.Serialization;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

/// <summary>A VM's placement: which host may run it, under which epoch, and the one migration that may be open.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "state")]
[JsonDerivedType(typeof(UnknownVm), nameof(UnknownVm))]
[JsonDerivedType(typeof(Vm), nameof(Vm))]
public abstract record VmState;

public sealed record UnknownVm : VmState
{
    public static readonly UnknownVm Instance = new();
}

/// <param name="Host">Where the last OWNED is.</param>
/// <param name="Epoch">Placement epoch: that of the last OWNED. An abort leaves it.</param>
/// <param name="HighestEpoch">Highest epoch ever burned by an attempt, a start or a resolution; the next one is this + 1.</param>
/// <param name="Claim">Name of the capacity claim at the host.</param>
public sealed record Vm(VmId Id, GuestSpec Spec, HostId Host, Epoch Epoch, Epoch HighestEpoch, VmPower Power, string Claim) : VmState
{
    /// <summary>The host's ledger has counted the claim.</summary>
    public bool ClaimCounted { get; init; }

    /// <summary>Claim at a host where the VM no longer is, to be given back.</summary>
    public OldClaim? ToReturn { get; init; }

    /// <summary>The open migration; at most one. Cleared once it is terminal and the host that holds the VM has attested (R9).</summary>
    public MigrationId? Migration { get; init; }

    public MigrationId? LastMigration { get; init; }

    /// <summary>What became of the last migration that settled.</summary>
    public SettledMigration? Last { get; init; }

    /// <summary>Why it is not running, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>A guest seen running where it is not placed.</summary>
    public string? Conflict { get; init; }

    public bool Adopting { get; init; }

    /// <summary>The restore since which its hosts have not been heard; null: the placement is known. While it is set nothing is ordered.</summary>
    public string? Doubted { get; init; }

    public long OrderNumber { get; init; }

    public DateTimeOffset Since { get; init; }
}

public sealed record OldClaim(HostId Host, string Claim);

/// <param name="Code">Why it did not move, if it was an evacuation's.</param>
public sealed record SettledMigration(MigrationId Migration, MigrationOutcome Outcome, string? Code = null, string? Detail = null, bool Transient = false);

[JsonConverter(typeof(JsonStringEnumConverter<VmPower>))]
public enum VmPower
{
    /// <summary>Told to start (or to be adopted); not yet seen running.</summary>
    Starting,

    Running,

    /// <summary>Told to stop.</summary>
    Stopping,

    Stopped,

    /// <summary>Its memory is gone with a host or a process. It runs again only after a new start.</summary>
    Lost,
}
