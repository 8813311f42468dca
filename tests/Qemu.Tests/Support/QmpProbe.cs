using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Support;

/// <summary>A look at a QEMU from outside the driver, over its second monitor.</summary>
internal sealed class QmpProbe : IAsyncDisposable
{
    private readonly QmpClient _client;
    private readonly List<QmpEvent> _events;
    private readonly SemaphoreSlim _news;

    private QmpProbe(QmpClient client, List<QmpEvent> events, SemaphoreSlim news)
    {
        _client = client;
        _events = events;
        _news = news;
    }

    public QmpClient Client => _client;

    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_events) return [.. _events.Select(Name)];
        }
    }

    public static async Task<QmpProbe> OnAsync(QemuHost host)
    {
        var events = new List<QmpEvent>();
        var news = new SemaphoreSlim(0);
        var client = await QmpClient.ConnectAsync(host.RescueMonitor, e =>
        {
            lock (events) events.Add(e);
            news.Release();
        }, QmpLimits.Default, TimeProvider.System, CancellationToken.None);
        return new QmpProbe(client, events, news);
    }

    /// <summary>Waits until QEMU has said this: an event's name, with its status if it has one.</summary>
    public async Task UntilAsync(string name)
    {
        while (!Events.Contains(name)) Assert.True(await _news.WaitAsync(TimeSpan.FromSeconds(30)), $"no {name}; said: {string.Join(", ", Events)}");
    }

    public async Task<string> RunStateAsync() => (await _client.ExecuteAsync("query-status")).GetProperty("status").GetString()!;

    public async Task<string> MigrationAsync() => (await _client.ExecuteAsync("query-migrate")).GetProperty("status").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _news.Dispose();
    }

    private static string Name(QmpEvent happened) => happened.Text("status") is { } status ? happened.Name + " " + status : happened.Name;
}
