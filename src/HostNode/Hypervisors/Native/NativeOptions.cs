using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Native;

/// <summary>Where the native driver keeps its guests.</summary>
public sealed record NativeOptions
{
    /// <summary>One host's own directory: sockets, process numbers and logs of its guest-holders. Created if missing, mode 0700.</summary>
    public required string RunDirectory { get; init; }

    /// <summary><c>guest-holder.dll</c> (started by the running dotnet host) or its executable.</summary>
    public required string HolderPath { get; init; }

    /// <summary>This host; guests tell it to their ledger.</summary>
    public required HostId Host { get; init; }

    /// <summary><c>auto</c> (wpAsync if the self-test passes, else cooperative), <c>wpAsync</c> or <c>cooperative</c>.</summary>
    public string Tracking { get; init; } = "auto";

    /// <summary>Links tried in a row, with growing waits, before a broken transfer is given up.</summary>
    public int LinkAttempts { get; init; } = 8;

    /// <summary>Longest wait for a new guest-holder to answer.</summary>
    public TimeSpan StartMax { get; init; } = TimeSpan.FromSeconds(30);
}
