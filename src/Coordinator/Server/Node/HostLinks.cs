using System.Collections.Concurrent;
using Coordinator.Application.Cluster;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>Whether hosts are heard of, as the hub says; volatile on purpose: after a start everyone is Unknown until it connects.</summary>
public sealed class HostLinks(TimeProvider clock)
{
    private readonly ConcurrentDictionary<HostId, HostLink> _links = new();

    private volatile IReadOnlyDictionary<HostId, string> _elsewhere = new Dictionary<HostId, string>();

    /// <summary>A link that stands here, or else at another node.</summary>
    public HostLink Of(HostId host) => _links.TryGetValue(host, out var link) && (link.Phase != "Gone" || !_elsewhere.ContainsKey(host)) ? link
        : _elsewhere.TryGetValue(host, out var node) ? HostLink.At(node) : HostLink.Unknown;

    /// <summary>Those that stand here.</summary>
    public IReadOnlyCollection<HostId> Here() => [.. _links.Where(link => link.Value.Phase != "Gone").Select(link => link.Key)];

    /// <summary>Which links the other nodes hold, as of now.</summary>
    public void Elsewhere(ClusterView view) => _elsewhere = view.Links;

    /// <summary>Of two links that were admitted at the same moment the newer one stands, whichever is told first.</summary>
    /// <param name="guests">What its agent said it holds.</param>
    public void Connected(HostId host, long link, string version, IReadOnlyList<VmId>? guests = null)
    {
        var connected = new HostLink("Ready", link, clock.GetUtcNow(), version) { Guests = guests ?? [] };
        _links.AddOrUpdate(host, connected, (_, known) => known.Number > link ? known : connected);
    }

    public void Late(HostId host, long link) => Change(host, link, "Late");

    public void OnTime(HostId host, long link) => Change(host, link, "Ready");

    public void Gone(HostId host, long link) => Change(host, link, "Gone");

    // News of an older link is stale: a newer one stands already.
    private void Change(HostId host, long link, string phase)
    {
        while (_links.TryGetValue(host, out var known) && known.Number == link)
        {
            if (_links.TryUpdate(host, known with { Phase = phase, Since = clock.GetUtcNow() }, known)) return;
        }
    }
}

/// <param name="Phase"><c>Unknown</c>, <c>Ready</c>, <c>Late</c>, <c>Gone</c>.</param>
/// <param name="Since">When it came to be so.</param>
public sealed record HostLink(string Phase, long Number, DateTimeOffset? Since, string? AgentVersion)
{
    public static readonly HostLink Unknown = new("Unknown", 0, null, null);

    /// <summary>The coordinator where it stands, which knows more; null: here.</summary>
    public string? Elsewhere { get; private init; }

    /// <summary>Guests that the agent named when it connected.</summary>
    public IReadOnlyList<VmId> Guests { get; init; } = [];

    public static HostLink At(string node) => new("Ready", 0, null, null) { Elsewhere = node };
}
