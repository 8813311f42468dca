namespace HostNode.Engine.Guests;

/// <summary>Answer to a <see cref="HolderRequest"/>; carries the whole status whatever was asked.</summary>
/// <param name="Error">Null if it was done, else one sentence; nothing has changed then.</param>
public sealed record HolderReply(string? Error, HolderStatus Status);

/// <summary>A guest-holder and its guest.</summary>
/// <param name="Process">Its process number.</param>
/// <param name="Address">Of the guest memory in that process.</param>
/// <param name="Ledger">As in the specification of the guest.</param>
/// <param name="Epoch">Under which it ran last; 0 if never here.</param>
/// <param name="Label">Migration it is on the way of, or null.</param>
/// <param name="Departures">How often it was labelled: orders the links of agents that come after one another.</param>
/// <param name="Digest">Of the loaded or completed memory.</param>
/// <param name="PausedAt">With <see cref="HolderState.Completed"/>: when the vCPUs stopped.</param>
/// <param name="RunningSince">When the vCPUs were started last.</param>
/// <param name="Counter">Beats of the guest.</param>
/// <param name="PagesWritten">By all vCPUs, ever.</param>
/// <param name="Errors">Pages that were ever found different from what the guest had written; anything but 0 means corrupted memory.</param>
public sealed record HolderStatus(
    string Vm, int Process, long Address, long Memory, int Vcpus, long WorkingSet, long DirtyRate, string? Ledger,
    HolderState State, long Epoch, string? Label, long Departures, string? Digest, DateTimeOffset? PausedAt, DateTimeOffset? RunningSince,
    int ThrottlePercent, ulong Counter, long PagesWritten, long Errors);
