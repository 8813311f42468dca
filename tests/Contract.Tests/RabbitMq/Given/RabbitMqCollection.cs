using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.RabbitMq;
using Lab.Servers;

namespace Contract.Tests.RabbitMq.Given;

/// <summary>One broker for all tests that do it no harm; each has a virtual host of its own.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitMqCollection : ICollectionFixture<SharedBroker>
{
    public const string Name = "RabbitMQ";
}

public sealed class SharedBroker : IDisposable
{
    private readonly RabbitMqServer _server = new();

    public RabbitMqServer Server
    {
        get
        {
            _server.Start();
            return _server;
        }
    }

    public void Dispose() => _server.Dispose();
}

/// <summary>How tests come to the broker.</summary>
internal static class Broker
{
    /// <param name="ports">Of its nodes; all of them, if there are none.</param>
    public static RabbitMqOptions Options(this RabbitMqServer server, string host, params int[] ports) => new()
    {
        Endpoints = [.. (ports.Length > 0 ? ports : [server.Port()]).Select(port => new Uri($"amqp://127.0.0.1:{port}/{host}"))],
        User = RabbitMqServer.User,
        Password = server.Password,
    };

    public static RabbitMqBus BusOf(RabbitMqOptions options, string node, int capacity = 1_000, Action<string>? onTrouble = null) =>
        new(options, node, new InProcessBus(capacity), capacity, onTrouble);
}
