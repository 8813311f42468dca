using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Cluster;

/// <summary>
/// Which coordinators live, and who decides for which shard. A hint throughout: what decides is the term in the append. One caller at a time.
/// </summary>
public interface IClusterMembership : IDisposable
{
    /// <summary>Says that this node lives and what is true of it, and looks at the others. To be called several times a second: who is silent for some seconds counts as dead.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    /// <exception cref="StoreConfigurationException">Another living process has this node's name.</exception>
    ClusterView Beat(NodeFacts facts);

    /// <summary>Gives shards up, so that another node takes them without waiting. Those that are not ours any more are passed over.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    void Release(IReadOnlyList<ShardLease> leases);

    /// <summary>Removes what waits for a node that is dead. That it was there is shown for a day. Safe to repeat.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    void Forget(string node);

    /// <summary>This node goes, and has given its shards up: nothing of it is left.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    void Leave();
}

/// <summary>The cluster as the store showed it at one moment.</summary>
/// <param name="Live">Names of the nodes that live, this one among them.</param>
/// <param name="Dead">Names that are still there and do not live.</param>
/// <param name="Owners">By shard: the node's name, or empty for none.</param>
/// <param name="Links">Which node holds a host's link, of the others.</param>
public sealed record ClusterView(IReadOnlyList<string> Live, IReadOnlyList<string> Dead, IReadOnlyList<string> Owners, IReadOnlyDictionary<HostId, string> Links)
{
    /// <summary>Names of the nodes that operators want without shards.</summary>
    public IReadOnlySet<string> Draining { get; init; } = new HashSet<string>();
}
