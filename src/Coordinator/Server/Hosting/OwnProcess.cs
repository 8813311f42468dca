using System.Runtime.InteropServices;

namespace Coordinator.Server.Hosting;

/// <summary>Signals to this very process: what a crash and a stall look like from outside. Only failpoints use it.</summary>
internal static class OwnProcess
{
    private const int SigKill = 9;
    private const int SigStop = 19;

    /// <summary>SIGKILL. Does not return.</summary>
    public static void Kill()
    {
        _ = kill(Environment.ProcessId, SigKill);
        Environment.FailFast("SIGKILL did not end this process");
    }

    /// <summary>SIGSTOP, sent to this very thread, so that it does not run on before the process stands still. Returns after somebody's SIGCONT.</summary>
    public static void Stop() => _ = raise(SigStop);

#pragma warning disable CA5392, SYSLIB1054 // libc is found by the loader's own rules; nothing here needs marshalling
    [DllImport("libc")]
    private static extern int kill(int process, int signal);

    [DllImport("libc")]
    private static extern int raise(int signal);
#pragma warning restore CA5392, SYSLIB1054
}
