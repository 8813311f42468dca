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
