using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>A guest's process on one host: survives its agent, not its host. A running guest writes every <see cref="WriteEvery"/>.</summary>
public sealed class SimGuest(SimVm vm, Timeline time)
{
    private static readonly TimeSpan WriteEvery = TimeSpan.FromMilliseconds(7);
    private GuestRunState state = GuestRunState.Incoming;
    private TimeSpan ranFrom;
    private int content;

    public SimVm Vm => vm;

    public GuestSpec? Spec { get; init; }

    /// <summary>The attempt it belongs to as an incoming or outgoing copy.</summary>
    public MigrationId? Migration { get; set; }

    /// <summary>Grows with each transfer begun or aborted: what an older one still does is void.</summary>
    public int Transfer { get; set; }

    /// <summary>It is not what was sent.</summary>
    public bool IsCorrupted { get; set; }

    public bool StopWanted { get; set; }

    /// <summary>A receiver that failed is never complete.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The attempt whose transfer failed here after the pause: the agent rejects it when it hears of that.</summary>
    public MigrationId? RolledBack { get; set; }

    public DateTimeOffset PausedAt { get; set; }

    public GuestRunState State
    {
        get => state;
        set
        {
            if (state == GuestRunState.Running) content = Content;
            if (value == GuestRunState.Running && state != GuestRunState.Running) ranFrom = time.Elapsed;
            state = value;
        }
    }

    /// <summary>How many of the guest's writes this copy contains. The first one is made the moment it runs.</summary>
    public int Content
    {
        get => state == GuestRunState.Running ? content + 1 + (int)((time.Elapsed - ranFrom) / WriteEvery) : content;
        set => content = value;
    }

    public bool IsComplete => state is GuestRunState.Running or GuestRunState.Paused or GuestRunState.Loaded or GuestRunState.Completed;
}
