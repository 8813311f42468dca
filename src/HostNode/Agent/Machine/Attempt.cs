using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Machine;

/// <summary>One migration attempt as this host knows it: what the journal says, and beside it what only this incarnation knows.</summary>
internal sealed class Attempt
{
    public required MigrationId Migration { get; init; }

    public required VmId Vm { get; init; }

    public required Epoch Epoch { get; init; }

    // ---- durable: folded from the journal

    public AttemptState State { get; set; }

    /// <summary>At the source: BEGIN.</summary>
    public MigrateOut? Plan { get; set; }

    /// <summary>At the destination: PREP.</summary>
    public PrepareIn? Order { get; set; }

    /// <summary>At the source with INTENT: the token.</summary>
    public SignedToken? Grant { get; set; }

    public bool Held { get; set; }

    public string Reason { get; set; } = "";

    public bool Transient { get; set; }

    public string Digest { get; set; } = "";

    public DateTimeOffset? PausedAt { get; set; }

    // ---- volatile (R5): only ever used to be more careful, or to shorten a pause

    /// <summary>The source's transfer, as its driver says.</summary>
    public Transfer Transfer { get; set; }

    /// <summary>What this incarnation knows of COMMIT.</summary>
    public CommitKnowledge Commit { get; set; }

    /// <summary>A grant that arrived before the forecast was within the limit.</summary>
    public SignedToken? Offered { get; set; }

    public bool OfferForced { get; set; }

    public bool ReadyNow { get; set; }

    public bool ReadyTold { get; set; }

    /// <summary>Why the transfer is being aborted, once it is.</summary>
    public string? Aborting { get; set; }

    /// <summary>It is nobody's decision: worth another try.</summary>
    public bool AbortingTransient { get; set; }

    public CommitFacts? Completed { get; set; }

    public bool GuestGone { get; set; }

    /// <summary>REJECTED is on disk and the guest is told to run, but does not yet: the word is given when it does.</summary>
    public bool Resuming { get; set; }

    /// <summary>At the destination: digest of the loaded copy.</summary>
    public string? Loaded { get; set; }

    /// <summary>GoForward came before the hypervisor said that all is loaded: its word may be on the way.</summary>
    public GoForward? Forward { get; set; }

    /// <summary>Ticks since <see cref="Forward"/>. Not a time: an agent that stood still has heard nothing meanwhile.</summary>
    public int ForwardTicks { get; set; }

    public int? HypervisorPort { get; set; }

    public bool Ready { get; set; }

    /// <summary>At the destination: the copy is being killed, nothing can make it own any more.</summary>
    public string? Refusing { get; set; }

    public bool RefusingTransient { get; set; }

    /// <summary>COMMIT came before the last page was reported loaded; not received until OWNED is on disk.</summary>
    public PeerCommit? Early { get; set; }

    public DateTimeOffset AskedAt { get; set; }

    public DateTimeOffset CommittedAt { get; set; }

    public HostId? Peer => Plan?.Destination ?? Order?.Source;
}

internal sealed record CommitFacts(string Digest, TransferStats Stats, DateTimeOffset PausedAt);

internal enum Transfer
{
    /// <summary>Nothing runs; the guest was not stopped by us.</summary>
    None,
    Copying,

    /// <summary>Told to stop the guest and send the rest.</summary>
    Stopping,

    /// <summary>The destination's hypervisor has everything and said so.</summary>
    Completed,

    /// <summary>Not completed and never will be.</summary>
    Failed,
}

internal enum CommitKnowledge
{
    /// <summary>An earlier incarnation may have sent it: only the destination knows.</summary>
    Unknown,

    /// <summary>This incarnation wrote INTENT, or found the guest not completed, and has not sent it.</summary>
    Unsent,
    Sent,
}
