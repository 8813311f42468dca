using Contract.Tests.Buses;
using Contract.Tests.RabbitMq.Given;
using Contract.Tests.Stores;
using Coordinator.Application.Bus;

namespace Contract.Tests.RabbitMq;

/// <summary>The bus with a broker keeps the contract of every bus for what a node has for itself.</summary>
[NeedsRabbitMq]
[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqBusTests(SharedBroker broker) : BusContract
{
    protected override IBus Create(int capacity = 1_000) => Broker.BusOf(broker.Server.Options(broker.Server.NewHost()), "node-a", capacity);
}

/// <summary>And for what it has for others: published at one node, heard at another.</summary>
[NeedsRabbitMq]
[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqBusBetweenNodesTests : BetweenNodesContract
{
    private readonly SharedBroker _broker;
    private readonly Lazy<string> _host;

    public RabbitMqBusBetweenNodesTests(SharedBroker broker) => (_broker, _host) = (broker, new(() => broker.Server.NewHost()));

    protected override IBus At(string node, int capacity) => Broker.BusOf(_broker.Server.Options(_host.Value), node, capacity);
}
