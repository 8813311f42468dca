namespace Cli;

/// <summary>How <c>lm</c> ends; scripts rely on these.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The operation failed: aborted, lost, held, or an error of the server.</summary>
    public const int Failed = 1;

    public const int Usage = 2;

    /// <summary>Ended with a part of it not done: an evacuation inside its failure budget that leaves guests behind.</summary>
    public const int Partly = 3;

    public const int NotFound = 4;

    /// <summary>Refused: precheck, precondition, state.</summary>
    public const int Refused = 5;

    public const int NotAllowed = 6;

    public const int Unreachable = 7;

    /// <summary>Timed out while waiting; the operation still runs.</summary>
    public const int TimedOut = 8;

    /// <summary>EX_CONFIG: something the program needs is missing on this machine.</summary>
    public const int Configuration = 78;

    /// <summary>Interrupted; the operation still runs.</summary>
    public const int Interrupted = 130;
}
