namespace Coordinator.Shared.Contracts.Api;

/// <summary>A virtual machine under this coordinator's care.</summary>
/// <param name="Spec">What its hosts must know to run it.</param>
public sealed record VmResource(string Kind, Metadata Metadata, GuestSpec Spec, VmStatus Status)
{
    public const string KindName = "Vm";
}

/// <summary>What is true of a VM now.</summary>
/// <param name="Phase"><c>Stopped</c>, <c>Starting</c>, <c>Running</c>, <c>Migrating</c>, <c>Stopping</c>, <c>Lost</c>, <c>InDoubt</c> (since a restore).</param>
/// <param name="Reason">One sentence behind the phase; empty when there is nothing to say.</param>
/// <param name="Host">Where it is placed; null when nowhere.</param>
/// <param name="Epoch">Of the placement: who may run the vCPUs.</param>
public sealed record VmStatus(string Phase, string Reason, string? Host, long Epoch)
{
    /// <summary>The open migration, if any.</summary>
    public string? Migration { get; init; }

    /// <summary>The newest migration, open or ended.</summary>
    public string? LastMigration { get; init; }

    /// <summary>Something a person must look at, e.g. seen running where it is not placed.</summary>
    public string? Alert { get; init; }

    /// <summary>Legal actions now, as words of this API.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}
