using System.Diagnostics;
using System.Globalization;

namespace Cli.Demo;

/// <summary>
/// Processes whose command line names the demo's own state directory: that path is this run's alone, so nobody else's process can be hit.
/// Guests outlive their agents by design, so they have to be found this way.
/// </summary>
internal sealed class OwnProcesses(string directory)
{
    /// <summary>Process ids with their command lines, this process left out.</summary>
    public IReadOnlyList<(int Id, string[] Command)> Find()
    {
        var found = new List<(int, string[])>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId) continue;
            var command = CommandOf(id);
            if (Array.Exists(command, word => word.Contains(directory, StringComparison.Ordinal))) found.Add((id, command));
        }

        return found;
    }

    /// <summary>Ids of the processes that hold this guest's memory.</summary>
    public IReadOnlyList<int> GuestsOf(string vm) =>
        [.. Find().Where(process => IsGuest(process.Command) && process.Command.Contains(vm)).Select(process => process.Id)];

    /// <summary>Kills every one of them and sees it dead: a process without a command line is none any more, or a zombie that nobody reaps.</summary>
    public void KillAll()
    {
        var patience = Stopwatch.StartNew();
        while (Find() is { Count: > 0 } living && patience.Elapsed < TimeSpan.FromSeconds(10))
        {
            foreach (var (id, _) in living) Kill(id);
            Thread.Sleep(10);
        }
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended by itself meanwhile.
        }
    }

    private static bool IsGuest(string[] command) => Array.Exists(command, word => word.Contains("guest-holder", StringComparison.Ordinal) || word.Contains("qemu-system", StringComparison.Ordinal));

    private static string[] CommandOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
