using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node;

/// <summary>A check of <see cref="ClusterDoctor"/> that only some installations need, as that a broker can be reached.</summary>
public interface IClusterCheck
{
    /// <summary>Looks now, for a second at the most.</summary>
    ClusterCheck Look();
}
