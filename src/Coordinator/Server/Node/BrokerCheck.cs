using Coordinator.Adapters.RabbitMq;
using Coordinator.Application.Bus;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node;

/// <summary>Whether this node's messages to the others leave.</summary>
internal sealed class BrokerCheck(IBus bus) : IClusterCheck
{
    public ClusterCheck Look() => bus is RabbitMqBus { Trouble: { } trouble }
        ? new ClusterCheck("broker", false, trouble, "look at the broker's nodes; decisions for this node's own shards go on, and so does everything else when it is back")
        : new ClusterCheck("broker", true, $"connected, {bus.Waiting} messages wait");
}
