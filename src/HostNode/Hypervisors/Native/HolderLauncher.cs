using System.Diagnostics;
using System.Globalization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.Hypervisors.Native;

/// <summary>Starts guest-holders, finds the ones that live, and ends them.</summary>
internal sealed class HolderLauncher(NativeOptions options)
{
    private static readonly TimeSpan DeathMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KillMax = TimeSpan.FromSeconds(10);

    public HolderPaths Paths(VmId vm) => new(options.RunDirectory, vm.Value);

    /// <summary>Connects to the guest's holder; null if none lives. Files a dead one left behind are removed.</summary>
    public GuestLink? Attach(VmId vm)
    {
        var paths = Paths(vm);
        if (!File.Exists(paths.Socket)) return null;
        try
        {
            return GuestLink.Connect(paths.Socket);
        }
        catch (IOException)
        {
            // A process that is being killed closes its sockets a moment before it is dead.
            if (LivingProcess(paths) is { } dying && !GuestProcess.AwaitEnd(dying, DeathMax)) throw;
            paths.Delete();
            return null;
        }
    }

    /// <summary>A new holder, answering.</summary>
    /// <exception cref="IOException">It did not come up; the message carries what it said.</exception>
    public GuestLink Start(VmId vm, GuestSpec spec, bool incoming)
    {
        Directory.CreateDirectory(options.RunDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var paths = Paths(vm);
        using var process = Process.Start(StartInfo(vm, spec, incoming)) ?? throw new IOException("the guest-holder did not start");
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (File.Exists(paths.ProcessNumber) && TryConnect(paths) is { } link) return link;
            if (process.HasExited) throw new IOException($"the guest-holder ended with code {process.ExitCode}: {LogTail(paths)}");
            if (Stopwatch.GetElapsedTime(began) > options.StartMax) throw new IOException($"the guest-holder did not answer within {options.StartMax.TotalSeconds:0} s");
            Thread.Sleep(5);
        }
    }

    /// <summary>Kills the guest's holder, sees it dead and removes its files. Also when there was none.</summary>
    /// <exception cref="IOException">It is still there.</exception>
    public void Kill(VmId vm, GuestLink? link)
    {
        var paths = Paths(vm);
        var process = link?.Process ?? LivingProcess(paths);
        if (process is { } number && !GuestProcess.Kill(number, KillMax)) throw new IOException($"process {number} does not die");
        paths.Delete();
    }

    private static GuestLink? TryConnect(HolderPaths paths)
    {
        try
        {
            return GuestLink.Connect(paths.Socket);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private ProcessStartInfo StartInfo(VmId vm, GuestSpec spec, bool incoming)
    {
        var managed = options.HolderPath.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(managed ? DotnetHost() : options.HolderPath) { UseShellExecute = false, WorkingDirectory = options.RunDirectory };
        if (managed) start.ArgumentList.Add(options.HolderPath);
        var load = spec.Load;
        string[] arguments =
        [
            "--dir", options.RunDirectory, "--vm", vm.Value,
            "--memory", Number(spec.Memory.Value), "--vcpus", Number(spec.Vcpus),
            "--working-set", Number(load?.WorkingSet.Value ?? 0), "--dirty-rate", Number(load?.DirtyRate.Value ?? 0),
            "--ledger", load?.Ledger ?? "none",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        if (incoming) start.ArgumentList.Add("--incoming");

        // Its few managed allocations need no large heap, and its vCPUs no collector that runs beside them.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";

        // A killed process would leave its debugger pipes and diagnostics socket in the temporary directory for ever.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    private static string DotnetHost()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } named && File.Exists(named)) return named;
        var own = Environment.ProcessPath;
        return own is not null && Path.GetFileName(own) == "dotnet" ? own : "dotnet";
    }

    private static int? LivingProcess(HolderPaths paths)
    {
        if (!File.Exists(paths.ProcessNumber)) return null;
        var text = File.ReadAllText(paths.ProcessNumber).Trim();
        return int.TryParse(text, CultureInfo.InvariantCulture, out var number) && GuestProcess.IsAlive(number) && GuestProcess.CommandLineHas(number, paths.Vm)
            ? number
            : null;
    }

    private static string LogTail(HolderPaths paths)
    {
        if (!File.Exists(paths.Log)) return "no output";
        var text = File.ReadAllText(paths.Log).Trim();
        return text.Length > 400 ? text[^400..] : text;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
