using System.Diagnostics;
using System.Globalization;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Demo;

/// <summary>The demo of several coordinators: three moves at once, the coordinator that decides for one of them killed, and an agent; who is left ends them.</summary>
internal static class ClusterDemo
{
    private const int Coordinators = 3;

    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        if (options.Qemu) throw new CliException(ExitCodes.Usage, "--cluster moves synthetic guests: leave out --qemu");
        var report = new DemoReport();
        using var database = new DemoServer("pg.sh");
        using var cluster = new DemoCluster(ProgramFiles.Find(), false, [.. DemoGuests.OneEach.Select(guest => guest.Host)], Coordinators, database.Settings);
        using var api = new DemoApi(cluster);
        try
        {
            await StartAsync(database, cluster, api, report, cancellation);
            await MoveAsync(cluster, api, report, cancellation);
            await DemoRun.LookAroundAsync(DemoGuests.OneEach, cluster, api, report, cancellation);
            var shards = await api.ShardsAsync(cancellation);
            report.Check("every shard has an owner that lives", shards.All(shard => shard.OwnerLives), Owners(shards));
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

    private static async Task StartAsync(DemoServer database, DemoCluster cluster, DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        report.Say($"a PostgreSQL, {Coordinators} coordinators and {cluster.Hosts.Count} hosts start as processes of this machine, state in {cluster.Directory}");
        database.Start();
        cluster.Migrate();
        for (var number = 1; number <= Coordinators; number++) cluster.StartCoordinator(number);
        await api.ReadyAsync(cluster.Running(DemoCluster.Node(1)), cancellation);
        await DemoApi.UntilAsync("all coordinators to have shards", null, async () => Owners(await api.ShardsAsync(cancellation)).Split(',').Length == Coordinators, cancellation);
        foreach (var host in cluster.Hosts) cluster.StartAgent(host);
        foreach (var host in cluster.Hosts) await api.HostReadyAsync(host, cancellation);
        foreach (var (vm, host) in DemoGuests.OneEach) await api.RegisterAsync(vm, host, DemoGuests.Larger, cancellation);
        foreach (var (vm, _) in DemoGuests.OneEach) await api.RunningAsync(vm, cancellation);
        report.Say($"{DemoGuests.OneEach.Length} guests run and write all the time; shards: {Owners(await api.ShardsAsync(cancellation))}");
    }

    private static async Task MoveAsync(DemoCluster cluster, DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        DemoMove[] moves = [Slow("vm-1", "host-a", "host-b"), Slow("vm-3", "host-c", "host-d"), Slow("vm-5", "host-e", "host-f")];
        var guest = cluster.Processes.GuestsOf("vm-3");
        List<string> ids = [];
        foreach (var move in moves) ids.Add(await move.BeginAsync(api, report, cancellation));
        var shard = MigrationId.Parse(ids[0]).Shard;
        var owner = await OwnerAsync(api, shard, cancellation);
        // Whoever is not killed is asked from here on.
        api.SpeakTo(owner % Coordinators + 1);
        foreach (var id in ids) await DemoApi.UntilAsync($"{id} to be seen there", null, async () => (await api.EventsAsync(id, cancellation)).Count > 0, cancellation);
        Task<TimeSpan>? taken = null;
        IReadOnlyList<int> after = [];
        Action<MigrationResource>[] kills =
        [
            now =>
            {
                cluster.Running(DemoCluster.Node(owner)).Kill();
                report.Say($"kill -9 of {DemoCluster.Node(owner)}, which decides for vm-1, in round {now.Status.Round + 1}; nobody starts it again");
                taken = TakenAsync(api, shard, owner, cancellation);
            },
            now =>
            {
                cluster.Running("host-c").Kill();
                after = cluster.Processes.GuestsOf("vm-3");
                report.Say($"kill -9 of the agent of host-c in round {now.Status.Round + 1} of pre-copy; its guests run on without it, and it starts again");
                cluster.StartAgent("host-c");
            },
            _ => { },
        ];
        static DemoMove Slow(string vm, string from, string to) => new(vm, from, to, DemoGuests.SlowPolicy, TimeSpan.FromSeconds(0.5));

        var ended = await Task.WhenAll(moves.Select((move, n) => move.FollowAsync(ids[n], api, report, kills[n], cancellation)));

        await DemoRun.ShowAsync(ended[0].Migration, api, cancellation);
        report.Check("the coordinator that decides for vm-1 was killed in its pre-copy", ended[0].KilledInPreCopy, ended[0].KilledInPreCopy ? "kill -9 in PreCopying" : "pre-copy was over too soon");
        if (taken is not null)
        {
            var later = await taken;
            report.Check("another one took its shard", true, string.Create(CultureInfo.InvariantCulture, $"{later.TotalSeconds:0.0} s later"));
        }

        report.Check("the same migration went on", ended[0].Migration.Status is { RetriedBy: null, Resumes: >= 1 }, $"taken over {ended[0].Migration.Status.Resumes} times");
        foreach (var n in new[] { 0, 2 }) report.Check($"the killed coordinator cost {moves[n].Vm} no re-sent byte", ended[n].Migration.Status.Resent?.Value == 0, Words.Of(ended[n].Migration.Status.Resent));
        report.Check("vm-3 outlived the agent of its host", ended[1].KilledInPreCopy && guest.Count == 1 && guest.All(after.Contains), $"process {string.Join(", ", guest)} before, {string.Join(", ", after)} after");
        for (var n = 0; n < moves.Length; n++) await moves[n].CheckAsync(ended[n].Migration, api, report, cluster.Processes, cancellation);
    }

    private static async Task<int> OwnerAsync(DemoApi api, int shard, CancellationToken cancellation)
    {
        var name = (await api.ShardsAsync(cancellation))[shard].Owner;
        return Enumerable.Range(1, Coordinators).First(number => DemoCluster.Node(number) == name);
    }

    private static async Task<TimeSpan> TakenAsync(DemoApi api, int shard, int killed, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        await DemoApi.UntilAsync("another coordinator to take the shard", null, async () => (await api.ShardsAsync(cancellation))[shard] is { OwnerLives: true } now && now.Owner != DemoCluster.Node(killed), cancellation);
        return Stopwatch.GetElapsedTime(since);
    }

    private static string Owners(IEnumerable<ShardResource> shards) =>
        string.Join(", ", shards.Where(shard => shard.OwnerLives).GroupBy(shard => shard.Owner).OrderBy(owner => owner.Key, StringComparer.Ordinal).Select(owner => $"{owner.Key} {owner.Count()}"));

    private static async Task KeepAsync(DemoCluster cluster, CancellationToken cancellation)
    {
        var lm = "dotnet run --project src/Cli --";
        var lives = Enumerable.Range(1, Coordinators).First(number => !cluster.Running(DemoCluster.Node(number)).HasExited);
        Console.Out.WriteLine($"""

            The cluster stays up. In another terminal:
              export LM_SERVER={cluster.ServerOf(lives).ToString().TrimEnd('/')}
              {lm} cluster nodes
              {lm} cluster doctor
              {lm} cluster drain-node {DemoCluster.Node(lives)} --reason "to see it"
              {lm} migrate vm-2 --to host-a --watch
            Logs and journals: {cluster.Directory}
            Ctrl-C ends everything.
            """);
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}
