using System.Diagnostics;
using Cli;
using Cli.Api;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cluster.Tests.Given;

/// <summary>The public API, for a client that outlives the coordinator: a command is sent again under its key until it is answered.</summary>
internal sealed class ClusterClient(Uri server) : IDisposable
{
    // Several coordinators may die in a row before one answers; each is waited for by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ApiClient _api = new(server, null);

    public ApiClient Api => _api;

    public Task<HealthReport> HealthAsync() => _api.GetAsync("/readyz", ApiJson.Reader.HealthReport, CancellationToken.None);

    public Task<HostResource> HostAsync(string host) => _api.GetAsync("/v1/hosts/" + host, ApiJson.Reader.HostResource, CancellationToken.None);

    public Task<VmResource> VmAsync(string vm) => _api.GetAsync("/v1/vms/" + vm, ApiJson.Reader.VmResource, CancellationToken.None);

    public Task<MigrationResource> MigrationAsync(string id) => _api.GetAsync("/v1/migrations/" + id, ApiJson.Reader.MigrationResource, CancellationToken.None);

    public async Task<IReadOnlyList<EventResource>> EventsAsync(string id)
    {
        var events = new List<EventResource>();
        await foreach (var happened in _api.ListAsync($"/v1/migrations/{id}/events?limit=500", ApiJson.Reader.ListResourceEventResource, CancellationToken.None)) events.Add(happened);
        return events;
    }

    public Task RegisterAsync(string vm, string host, GuestSpec spec) => AgainAsync(key => _api.PostAsync(
        "/v1/vms", new RegisterVm(VmId.Parse(vm), HostId.Parse(host), spec), ApiJson.Default.RegisterVm, ApiJson.Reader.VmResource, CancellationToken.None, key));

    /// <returns>The migration's id.</returns>
    public async Task<string> MigrateAsync(string vm, string destination, MigrationPolicy? policy = null)
    {
        var body = new CreateMigration(VmId.Parse(vm), HostId.Parse(destination), policy, "test");
        var migration = await AgainAsync(key => _api.PostAsync("/v1/migrations", body, ApiJson.Default.CreateMigration, ApiJson.Reader.MigrationResource, CancellationToken.None, key));
        return migration.Metadata.Name;
    }

    public Task CancelAsync(string id) => AgainAsync(key => _api.PostAsync(
        $"/v1/migrations/{id}:cancel", new ActionRequest("test"), ApiJson.Default.ActionRequest, ApiJson.Reader.MigrationResource, CancellationToken.None, key));

    public void Dispose() => _api.Dispose();

    // What a careful client does: the same request, the same key, until somebody answers.
    private static async Task<T> AgainAsync<T>(Func<string, Task<T>> send)
    {
        var key = Guid.NewGuid().ToString("N");
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await send(key);
            }
            catch (CliException e) when (e.ExitCode == ExitCodes.Unreachable && Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(10);
            }
        }
    }
}
