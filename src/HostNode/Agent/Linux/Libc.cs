using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Agent.Linux;

/// <summary>The few system calls of the agent that .NET does not offer. Each says what went wrong as an <see cref="IOException"/> with the errno.</summary>
internal static partial class Libc
{
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int ReadOnly = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int CreateReadWrite = 0x40 | 0x2 | 0x80000; // O_CREAT | O_RDWR | O_CLOEXEC
    private const int OwnerOnly = 0x180; // 0600
    private const int Kill9 = 9;
    private const int Stop19 = 19;
    private const int ClockBootTime = 7;

    /// <summary>Data and size of a file are on stable storage. Not RandomAccess.FlushToDisk: that one takes EROFS and EINVAL for success.</summary>
    public static void FlushData(SafeFileHandle file, string name)
    {
        while (fdatasync(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted) throw Failure("fdatasync", name);
        }
    }

    /// <summary>Names made, renamed or removed in a directory are on stable storage.</summary>
    public static void FlushDirectory(string path)
    {
        using var directory = new SafeFileHandle(open(path, ReadOnly, 0), ownsHandle: true);
        if (directory.IsInvalid) throw Failure("open", path);
        while (fsync(directory) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted) throw Failure("fsync", path);
        }
    }

    /// <summary>
    /// Opens a file (made if missing, mode 0600) and takes its lock, which ends with the process, whatever ends that; null if somebody
    /// else has it. Not FileStream: it takes locks of its own, so that a busy file would look like a broken one.
    /// </summary>
    public static SafeFileHandle? OpenLocked(string path)
    {
        var file = new SafeFileHandle(open(path, CreateReadWrite, OwnerOnly), ownsHandle: true);
        if (file.IsInvalid) throw Failure("open", path);
        while (flock(file, LockExclusive | LockNonBlocking) != 0)
        {
            var failure = Failure("flock", path);
            if (failure.HResult == Interrupted) continue;
            file.Dispose();
            return failure.HResult == WouldBlock ? null : throw failure;
        }

        return file;
    }

    /// <summary>SIGKILL to this process: what a crash looks like from outside. Does not return.</summary>
    public static void KillSelf()
    {
        _ = kill(Environment.ProcessId, Kill9);
        Environment.FailFast("SIGKILL did not end this process");
    }

    /// <summary>SIGSTOP to this process, by this very thread, so that it does not run on before it stands still. Returns after somebody's SIGCONT.</summary>
    public static void StopSelf() => _ = raise(Stop19);

    /// <summary>Time since boot, counting suspend.</summary>
    public static TimeSpan SinceBoot()
    {
        if (clock_gettime(ClockBootTime, out var time) != 0) throw Failure("clock_gettime", "CLOCK_BOOTTIME");
        return TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    private static IOException Failure(string call, string name)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of '{name}' failed: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

#pragma warning disable CA5392, SYSLIB1054 // libc is found by the loader's own rules
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle fd, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial int raise(int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Time time);
#pragma warning restore CA5392, SYSLIB1054
}
