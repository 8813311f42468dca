namespace Coordinator.Server.Configuration;

/// <summary>How the process ends (sysexits.h where it has a word for it).</summary>
public static class ExitCodes
{
    public const int Stopped = 0;

    /// <summary>A replay found a difference.</summary>
    public const int Failed = 1;

    /// <summary>What was given cannot be used.</summary>
    public const int Usage = 2;

    /// <summary>EX_UNAVAILABLE: the database cannot be reached now. Starting again later is right.</summary>
    public const int Unavailable = 69;

    /// <summary>A bug of ours or an I/O error of the store: restart and look at the last log line.</summary>
    public const int Broken = 70;

    /// <summary>EX_CONFIG: configuration, a missing library, a port in use. One line on standard error says which.</summary>
    public const int Configuration = 78;
}
