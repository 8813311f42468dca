using System.Globalization;
using System.Text.Json;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>The directory of one guest: <c>RUN/VM/{agent.qmp,rescue.qmp,label.json,qemu.pid,console.log,qemu.log}</c>.</summary>
internal sealed class GuestFiles(string runDirectory, VmId vm)
{
    /// <summary>Longest path of a UNIX socket, without its terminating zero.</summary>
    public const int SocketPathBytesMax = 107;

    public VmId Vm { get; } = vm;

    public string Directory { get; } = Path.Combine(runDirectory, vm.Value);

    /// <summary>The agent's monitor.</summary>
    public string AgentMonitor => Path.Combine(Directory, "agent.qmp");

    /// <summary>A second monitor, as each serves one client only: for people, and for the agent if somebody holds the first.</summary>
    public string RescueMonitor => Path.Combine(Directory, "rescue.qmp");

    public string PidFile => Path.Combine(Directory, "qemu.pid");

    /// <summary>The guest's serial line.</summary>
    public string Console => Path.Combine(Directory, "console.log");

    /// <summary>What QEMU itself has to say.</summary>
    public string Log => Path.Combine(Directory, "qemu.log");

    private string LabelFile => Path.Combine(Directory, "label.json");

    /// <summary>Directories that may hold a guest.</summary>
    public static IEnumerable<GuestFiles> In(string runDirectory)
    {
        if (!System.IO.Directory.Exists(runDirectory)) yield break;
        foreach (var directory in System.IO.Directory.EnumerateDirectories(runDirectory).Order(StringComparer.Ordinal))
        {
            if (VmId.TryParse(Path.GetFileName(directory), out var vm)) yield return new GuestFiles(runDirectory, vm);
        }
    }

    /// <summary>An empty directory that only this user may enter: a monitor is full control over the guest.</summary>
    public void Create()
    {
        Remove();
        System.IO.Directory.CreateDirectory(Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Remove()
    {
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>Takes away what belongs to a process that is gone, but leaves its console and log for the question why.</summary>
    public void RemoveAllButLogs()
    {
        if (!System.IO.Directory.Exists(Directory)) return;
        try
        {
            foreach (var file in (string[])[AgentMonitor, RescueMonitor, PidFile, LabelFile]) File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // They go when a guest of this name comes again.
        }
    }

    public void WriteLabel(GuestLabel label)
    {
        var temporary = LabelFile + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(label, QmpJson.Default.GuestLabel));
        File.Move(temporary, LabelFile, overwrite: true);
    }

    /// <summary>Null if there is none or it cannot be read: then the process is still a guest, of unknown kind.</summary>
    public GuestLabel? ReadLabel()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(LabelFile), QmpJson.Default.GuestLabel);
        }
        catch (Exception failure) when (failure is IOException or JsonException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>What the pid file says, or null.</summary>
    public int? ReadPid()
    {
        try
        {
            return int.TryParse(File.ReadAllText(PidFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The last words of QEMU, for a reason text; at most 400 characters.</summary>
    public string LastWords()
    {
        try
        {
            var text = File.ReadAllText(Log).Trim();
            return text.Length <= 400 ? text : "…" + text[^400..];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
