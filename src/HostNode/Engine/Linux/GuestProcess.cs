using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Engine.Linux;

/// <summary>Signals and death of a process that need not be our child, without the races of process numbers (pidfd).</summary>
public static unsafe class GuestProcess
{
    /// <summary>Kills it, whatever it does, and sees it dead. True also when there was none; false if it is still there after the time.</summary>
    public static bool Kill(int process, TimeSpan patience)
    {
        using var handle = Open(process);
        if (handle is null) return true;
        var descriptor = (int)handle.DangerousGetHandle();
        _ = Libc.Syscall(Libc.SysPidfdSendSignal, descriptor, Libc.SigKill, 0, 0);
        return IsDead(descriptor, patience);
    }

    /// <summary>Whether a process of that number lives (a zombie does not).</summary>
    public static bool IsAlive(int process) => !AwaitEnd(process, TimeSpan.Zero);

    /// <summary>Waits until it is dead; false if it still lives after the time.</summary>
    public static bool AwaitEnd(int process, TimeSpan patience)
    {
        using var handle = Open(process);
        return handle is null || IsDead((int)handle.DangerousGetHandle(), patience);
    }

    /// <summary>Whether its command line carries this word: guards against a process number that was given away again.</summary>
    public static bool CommandLineHas(int process, string word)
    {
        try
        {
            var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/cmdline"));
            return line.Split('\0').Contains(word);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static SafeFileHandle? Open(int process)
    {
        if (process <= 0) return null;
        var descriptor = Libc.Syscall(Libc.SysPidfdOpen, process, 0, 0, 0);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        return Marshal.GetLastPInvokeError() == Libc.Esrch ? null : throw Libc.Failure("pidfd_open");
    }

    private static bool IsDead(int descriptor, TimeSpan patience)
    {
        var entry = new Libc.PollEntry { Descriptor = descriptor, Events = Libc.PollIn };
        int result;
        do result = Libc.Poll(&entry, 1, (int)patience.TotalMilliseconds);
        while (result < 0 && Marshal.GetLastPInvokeError() == Libc.Eintr);
        return result > 0;
    }
}
