namespace HostNode.Agent;

/// <summary>How the process ends; the numbers of <c>sysexits.h</c> where one fits.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>Not understood: unknown verb or option.</summary>
    public const int Usage = 64;

    /// <summary>A bug of ours.</summary>
    public const int Software = 70;

    /// <summary>The journal's disk failed: started again, the agent reads what is there.</summary>
    public const int InputOutput = 74;

    /// <summary>Another agent has this journal.</summary>
    public const int Busy = 75;

    /// <summary>This journal was replaced or its host written off: it must not be started again as it is.</summary>
    public const int Superseded = 77;

    /// <summary>Configuration, certificates or journal cannot be used: a person must look.</summary>
    public const int Configuration = 78;
}
