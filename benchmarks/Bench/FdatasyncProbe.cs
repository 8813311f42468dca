using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Bench;

/// <summary>The price of durability on this disk at this moment: append 4 KiB, fdatasync, again. Latencies of the product are given as multiples of it.</summary>
public static class FdatasyncProbe
{
    private const int BlockBytes = 4096;

    /// <param name="directory">On the disk to be measured; the file is made there and deleted.</param>
    /// <param name="appends">Samples; a few are taken before and thrown away.</param>
    /// <returns>Microseconds for one append with its flush.</returns>
    public static Latency Run(string directory, int appends = 2_000)
    {
        const int warmUp = 50;
        var path = Path.Combine(directory, $"fdatasync-{Environment.ProcessId}.tmp");
        var block = new byte[BlockBytes];
        new Random(1).NextBytes(block);
        var samples = new List<double>(appends);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose);
        for (var i = 0; i < warmUp + appends; i++)
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, block, (long)i * BlockBytes);
            Flush(file);
            if (i >= warmUp) samples.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return Latency.Of(samples);
    }

    private static void Flush(SafeFileHandle file)
    {
        if (NativeFlush(file) != 0) throw new IOException($"fdatasync failed: error {Marshal.GetLastPInvokeError()}");
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static extern int NativeFlush(SafeFileHandle file);
}
