using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Demo;

/// <summary>The demo from start to verdict: a whole cluster, two moves under load, two kills, and a judgement of what is left.</summary>
internal static class DemoRun
{
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        var report = new DemoReport();
        using var cluster = new DemoCluster(ProgramFiles.Find(), options.Qemu, DemoGuests.Hosts);
        using var api = new DemoApi(cluster);
        try
        {
            await StartAsync(cluster, api, report, options, cancellation);
            await KilledCoordinatorAsync(cluster, api, report, cancellation);
            await KilledSourceAgentAsync(cluster, api, report, cancellation);
            await LookAroundAsync(DemoGuests.All, cluster, api, report, cancellation);
            report.Conclude();
            cluster.KeepFiles = !report.Passed;
            if (options.Keep) await KeepAsync(cluster, cancellation);
            return report.Passed ? ExitCodes.Done : ExitCodes.Failed;
        }
        catch (CliException)
        {
            cluster.KeepFiles = true;
            throw;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("interrupted: everything the demo started is being ended");
            return options.Keep && report.Passed ? ExitCodes.Done : ExitCodes.Interrupted;
        }
    }

    private static async Task StartAsync(DemoCluster cluster, DemoApi api, DemoReport report, DemoOptions options, CancellationToken cancellation)
    {
        report.Say($"a coordinator and {cluster.Hosts.Count} hosts start as processes of this machine, state in {cluster.Directory}");
        var coordinator = cluster.StartCoordinator();
        foreach (var host in cluster.Hosts) cluster.StartAgent(host);
        await api.ReadyAsync(coordinator, cancellation);
        foreach (var host in cluster.Hosts) await api.HostReadyAsync(host, cancellation);
        report.Say("all hosts are connected, by mutual TLS");
        var qemu = new QemuGuest(cluster.Directory);
        if (options.Qemu) qemu.Write();
        foreach (var (vm, host) in DemoGuests.All) await api.RegisterAsync(vm, host, options.Qemu ? qemu.Spec(vm) : DemoGuests.Synthetic, cancellation);
        foreach (var (vm, _) in DemoGuests.All) await api.RunningAsync(vm, cancellation);
        if (options.Qemu) await DemoApi.UntilAsync("the guests to write", null, () => Task.FromResult(DemoGuests.All.All(guest => qemu.Writes(guest.Vm))), cancellation);
        report.Say($"{DemoGuests.All.Length} {(options.Qemu ? "QEMU " : "")}guests run and write all the time");
    }

    private static async Task KilledCoordinatorAsync(DemoCluster cluster, DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        var move = new DemoMove("vm-1", "host-a", "host-b", DemoGuests.Policy);
        var (migration, killed) = await move.RunAsync(api, report, now =>
        {
            cluster.Running(DemoCluster.Node(1)).Kill();
            report.Say($"kill -9 of the coordinator in pre-copy, {now.Status.Transfer!.Sent} sent, {now.Status.Transfer.Remaining} remaining; a new one starts on the same store");
            cluster.StartCoordinator();
        }, cancellation);
        await ShowAsync(migration, api, cancellation);
        report.Check("the coordinator was killed while vm-1 was in pre-copy", killed, killed ? "kill -9 in PreCopying" : "pre-copy was over too soon");
        report.Check("the new coordinator resumed the same migration", migration.Status.Resumes >= 1 && migration.Status.RetriedBy is null, $"taken over {migration.Status.Resumes} times, decided under term {migration.Status.Owner?.Term}");
        report.Check("the killed coordinator cost no re-sent byte", migration.Status.Resent?.Value == 0, Words.Of(migration.Status.Resent));
        await move.CheckAsync(migration, api, report, cluster.Processes, cancellation);
    }

    private static async Task KilledSourceAgentAsync(DemoCluster cluster, DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        var move = new DemoMove("vm-3", "host-b", "host-c", DemoGuests.Policy);
        var guest = cluster.Processes.GuestsOf("vm-3");
        IReadOnlyList<int> after = [];
        var (migration, killed) = await move.RunAsync(api, report, now =>
        {
            cluster.Running("host-b").Kill();
            after = cluster.Processes.GuestsOf("vm-3");
            report.Say($"kill -9 of the agent of host-b in pre-copy, {now.Status.Transfer!.Sent} sent; its guests run on without it, and it starts again");
            cluster.StartAgent("host-b");
        }, cancellation);
        await ShowAsync(migration, api, cancellation);
        report.Check("the source's agent was killed while vm-3 was in pre-copy", killed, killed ? "kill -9 in PreCopying" : "pre-copy was over too soon");
        report.Check("the guest outlived its agent", guest.Count == 1 && guest.All(after.Contains), $"process {string.Join(", ", guest)} before, {string.Join(", ", after)} after");
        report.Check("the restarted agent continued the same migration", migration.Status is { Outcome: "Completed", RetriedBy: null }, migration.Metadata.Name);
        report.Check("what was re-sent is known", migration.Status.Resent is not null, $"{Words.Of(migration.Status.Resent)} of {Words.Of(migration.Status.Sent)}");
        await move.CheckAsync(migration, api, report, cluster.Processes, cancellation);
    }

    /// <summary>Claims about all guests, after everything.</summary>
    public static async Task LookAroundAsync((string Vm, string Host)[] guests, DemoCluster cluster, DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        var running = 0;
        foreach (var (vm, _) in guests)
        {
            if ((await api.VmAsync(vm, cancellation)).Status.Phase == "Running" && cluster.Processes.GuestsOf(vm).Count == 1) running++;
        }

        report.Check("every guest runs, each exactly once", running == guests.Length, $"{running} of {guests.Length}");
    }

    /// <summary>Prints a history.</summary>
    public static async Task ShowAsync(MigrationResource migration, DemoApi api, CancellationToken cancellation)
    {
        var table = new TextTable(Printers.Events.Headers);
        foreach (var happened in await api.EventsAsync(migration.Metadata.Name, cancellation)) table.Add(Printers.Events.Row(happened));
        var s = migration.Status;
        Console.Out.Write($"\nHistory of {migration.Metadata.Name}\n{table}");
        Console.Out.WriteLine($"blackout {Words.Milliseconds(s.BlackoutMs)}, digest {s.Digest}, sent {Words.Of(s.Sent)}, re-sent {Words.Of(s.Resent)}\n");
    }

    private static async Task KeepAsync(DemoCluster cluster, CancellationToken cancellation)
    {
        var lm = "dotnet run --project src/Cli --";
        Console.Out.WriteLine($"""

            The cluster stays up. In another terminal:
              export LM_SERVER={cluster.Server.ToString().TrimEnd('/')}
              {lm} vms get
              {lm} migrate vm-5 --to host-a --watch
              {lm} migrations get
              {lm} explain vm-5
              {lm} evacuate host-c --dry-run
              {lm} evacuate host-c --watch
              kill -9 {cluster.Running(DemoCluster.Node(1)).Id}    (the coordinator, while something moves)
            Logs and journals: {cluster.Directory}
            Ctrl-C ends everything.
            """);
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}
