using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Restores;

/// <summary>How far the store has come in learning from the hosts what it has forgotten.</summary>
public sealed record RestoreState
{
    public static readonly RestoreState None = new();

    /// <summary>Null: nothing was restored under this key.</summary>
    public string? Id { get; init; }

    public DateTimeOffset BackupAt { get; init; }

    /// <summary>Hosts that have not told anything yet. Only shrinks.</summary>
    public IReadOnlyList<HostId> Waiting { get; init; } = [];

    /// <summary>Folds one event.</summary>
    public static RestoreState Evolve(RestoreState s, RestoreEvent happened) => happened switch
    {
        StoreRestored e => new RestoreState { Id = e.Restore, BackupAt = e.BackupAt, Waiting = e.Hosts },
        HostTold e => s with { Waiting = [.. s.Waiting.Where(host => host != e.Host)] },
        _ => throw new CorruptHistoryException(s, happened),
    };
}
