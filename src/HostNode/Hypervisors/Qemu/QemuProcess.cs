using System.Diagnostics;
using System.Globalization;

namespace HostNode.Hypervisors.Qemu;

/// <summary>A process told apart from a later one with the same number by the time it started.</summary>
/// <param name="Id">Process id.</param>
/// <param name="StartedAt">Clock ticks since boot, as the kernel says; part of the identity only.</param>
internal sealed record QemuProcess(int Id, long StartedAt)
{
    /// <summary>The process with this id if it lives, else null. A zombie is dead: it holds no memory and runs no vCPU.</summary>
    public static QemuProcess? Find(int id) => ReadStat(id) is { } found ? new QemuProcess(id, found) : null;

    public bool IsAlive => ReadStat(Id) == StartedAt;

    /// <summary>Whether an argument of its command line is this one.</summary>
    public bool HasArgument(string argument)
    {
        try
        {
            return File.ReadAllText($"/proc/{Id}/cmdline").Split('\0').Contains(argument, StringComparer.Ordinal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Kills it and returns when it is seen dead. Never gives up: what is not seen dead may still run.</summary>
    public async Task KillAsync(TimeProvider time)
    {
        while (IsAlive)
        {
            try
            {
                using var process = Process.GetProcessById(Id);
                process.Kill();
            }
            catch (Exception failure) when (failure is ArgumentException or InvalidOperationException)
            {
                // Gone in between: the loop's condition sees it.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), time).ConfigureAwait(false);
        }
    }

    // Start time (field 22) of a live process. The name in parentheses may hold anything, so fields are counted from its end.
    private static long? ReadStat(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
