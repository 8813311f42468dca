using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Bench.Cluster;

/// <summary>Careful clients of the API: each moves one VM again and again, asks any node, and repeats a request under its key until somebody answers.</summary>
public sealed class MigrationLoad(ClusterProcesses cluster, int hosts, int vms) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(15) };
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> clients = [];
    private int open;

    /// <summary>Migrations that were answered 202: each must end.</summary>
    public ConcurrentDictionary<string, bool> Accepted { get; } = new();

    public int Open => open;

    /// <summary>Each migration is cancelled as soon as it was asked for.</summary>
    public bool Cancels { get; init; }

    public long Finished => Accepted.Values.Count(over => over);

    /// <summary>Places the VMs, and begins.</summary>
    public async Task BeginAsync()
    {
        var spec = new GuestSpec("native", ByteCount.FromMebi(64), 1);
        await Task.WhenAll(Enumerable.Range(0, vms).Select(vm => PostAsync("/v1/vms", JsonSerializer.Serialize(new RegisterVm(VmOf(vm), HostOf(vm), spec), ApiJson.Default.RegisterVm))));
        for (var vm = 0; vm < vms; vm++)
        {
            var mine = vm;
            clients.Add(Task.Run(() => MoveAsync(mine)));
        }
    }

    /// <summary>Nobody asks for more; returns when everything that was asked for is closed.</summary>
    public async Task EndAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(clients);
    }

    public void Dispose()
    {
        http.Dispose();
        stop.Dispose();
    }

    private static VmId VmOf(int vm) => new($"vm-{vm}");

    private HostId HostOf(int turn) => new($"host-{turn % hosts}");

    private async Task MoveAsync(int vm)
    {
        for (var turn = 1; !stop.IsCancellationRequested; turn++)
        {
            if (await PostAsync("/v1/migrations", JsonSerializer.Serialize(new CreateMigration(VmOf(vm), HostOf(vm + turn), null, "bench"), ApiJson.Default.CreateMigration)) is not { } id) continue;
            Accepted[id] = false;
            Interlocked.Increment(ref open);
            if (Cancels) await PostAsync($"/v1/migrations/{id}:cancel", "{}");
            while (!await IsClosedAsync(id)) await Task.Delay(200);
            Interlocked.Decrement(ref open);
            Accepted[id] = true;
        }
    }

    // The name of what was made; null if it was refused: the VM is not ready yet, or stands there already.
    private async Task<string?> PostAsync(string path, string body)
    {
        var key = Guid.NewGuid().ToString("N");
        while (true)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(AnyNode(), path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
                request.Headers.Add("Idempotency-Key", key);
                using var response = await http.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    using var json = JsonDocument.Parse(text);
                    return json.RootElement.GetProperty("metadata").GetProperty("name").GetString();
                }

                await Task.Delay(100);
                if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest) return null;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task<bool> IsClosedAsync(string id)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(AnyNode(), "/v1/migrations/" + id));
            if (!response.IsSuccessStatusCode) return false;
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            return json.RootElement.GetProperty("status").GetProperty("phase").GetString() == "Closed";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private Uri AnyNode() => cluster.Http(Random.Shared.Next(cluster.Count));
}
