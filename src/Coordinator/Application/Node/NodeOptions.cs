using Coordinator.Application.Machine;

namespace Coordinator.Application.Node;

/// <summary>How a node collects and commits.</summary>
public sealed record NodeOptions
{
    public required MachineOptions Machine { get; init; }

    /// <summary>Where a test lets this process die; null outside tests.</summary>
    public CoordinatorFailpoints? Failpoints { get; init; }

    /// <summary>Other nodes decide for other shards of the same store: this one begins with none, and goes on when it loses all.</summary>
    public bool Shared { get; init; }

    /// <summary>Inputs decided in one transaction at the most.</summary>
    public int BatchMax { get; init; } = 2048;

    /// <summary>Inputs waiting at the most; more are refused (reports are sent again, requests get 503).</summary>
    public int InboxMax { get; init; } = 100_000;
}
