using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Application.Cluster;

namespace Contract.Tests.Postgres.Given;

internal static class Beating
{
    /// <summary>A beat of a node with nothing to say of itself.</summary>
    public static ClusterView Beat(this PostgresMembership membership) => membership.Beat(new NodeFacts());
}
