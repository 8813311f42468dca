using Cli.Api;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Demo;

/// <summary>What the demo asks of the coordinator, always over its public API.</summary>
internal sealed class DemoApi(DemoCluster cluster) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private ApiClient _api = new(cluster.Server, null);

    public ApiClient Client => _api;

    /// <summary>From now on this one of several coordinators is asked, from 1. Not while anything is being asked.</summary>
    public void SpeakTo(int number)
    {
        _api.Dispose();
        _api = new ApiClient(cluster.ServerOf(number), null);
    }

    public async Task<IReadOnlyList<ShardResource>> ShardsAsync(CancellationToken cancellation)
    {
        var shards = new List<ShardResource>();
        await foreach (var shard in _api.ListAsync("/v1/cluster/shards", ApiJson.Reader.ListResourceShardResource, cancellation)) shards.Add(shard);
        return shards;
    }

    /// <exception cref="CliException">A process ended, with the code it ended with; or nothing happened in time.</exception>
    public async Task ReadyAsync(ChildProcess coordinator, CancellationToken cancellation)
    {
        await UntilAsync("the coordinator to serve", coordinator, async () => (await _api.GetAsync("/readyz", ApiJson.Reader.HealthReport, cancellation)).Status == "ok", cancellation);
    }

    public Task HostReadyAsync(string host, CancellationToken cancellation) => UntilAsync(
        $"{host} to connect", cluster.Running(host), async () => (await _api.GetAsync("/v1/hosts/" + host, ApiJson.Reader.HostResource, cancellation)).Status.Phase == "Ready", cancellation);

    public Task RegisterAsync(string vm, string host, GuestSpec spec, CancellationToken cancellation) => _api.PostAsync(
        "/v1/vms", new RegisterVm(VmId.Parse(vm), HostId.Parse(host), spec), ApiJson.Default.RegisterVm, ApiJson.Reader.VmResource, cancellation);

    public Task RunningAsync(string vm, CancellationToken cancellation) => UntilAsync(
        $"{vm} to run", null,
        async () => await VmAsync(vm, cancellation) switch
        {
            { Status.Phase: "Running" } => true,
            { Status: { Phase: "Stopped" or "Lost" } status } => throw new CliException(ExitCodes.Failed, $"{vm} did not start: {status.Reason}"),
            _ => false,
        },
        cancellation);

    public Task<VmResource> VmAsync(string vm, CancellationToken cancellation) => _api.GetAsync("/v1/vms/" + vm, ApiJson.Reader.VmResource, cancellation);

    public async Task<string> MigrateAsync(string vm, string destination, MigrationPolicy policy, CancellationToken cancellation)
    {
        var body = new CreateMigration(VmId.Parse(vm), HostId.Parse(destination), policy, "demo");
        return (await _api.PostAsync("/v1/migrations", body, ApiJson.Default.CreateMigration, ApiJson.Reader.MigrationResource, cancellation)).Metadata.Name;
    }

    public async Task<IReadOnlyList<EventResource>> EventsAsync(string migration, CancellationToken cancellation)
    {
        var events = new List<EventResource>();
        await foreach (var happened in _api.ListAsync($"/v1/migrations/{migration}/events", ApiJson.Reader.ListResourceEventResource, cancellation)) events.Add(happened);
        return events;
    }

    public void Dispose() => _api.Dispose();

    // The API has no watch of hosts and VMs yet, so these few short waits look again and again.
    public static async Task UntilAsync(string what, ChildProcess? process, Func<Task<bool>> holds, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        string last = "no answer";
        while (!patience.IsCancellationRequested)
        {
            if (process is { HasExited: true }) throw new CliException(process.ExitCode, $"{process.Name} did not come up: {process.LastLine()}");
            try
            {
                if (await holds()) return;
            }
            catch (CliException e) when (e.ExitCode is ExitCodes.Unreachable or ExitCodes.NotFound)
            {
                last = e.Message;
            }

            await Task.WhenAny(Task.Delay(LookEvery, patience.Token));
        }

        cancellation.ThrowIfCancellationRequested();
        throw new CliException(ExitCodes.Failed, $"waited {Patience.TotalSeconds:0} s for {what}: {last}");
    }
}
