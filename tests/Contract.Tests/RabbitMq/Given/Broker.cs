using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.RabbitMq;
using Lab.Servers;
using RabbitMQ.Client;

namespace Contract.Tests.RabbitMq.Given;

/// <summary>How tests come to a broker.</summary>
internal static class Broker
{
    /// <param name="ports">Of its nodes, or of what stands before them; the first node's, if there are none.</param>
    public static RabbitMqOptions Options(this RabbitMqServer server, string host, params int[] ports) => new()
    {
        Endpoints = [.. (ports.Length > 0 ? ports : [server.Port()]).Select(port => new Uri($"amqp://127.0.0.1:{port}/{host}"))],
        User = RabbitMqServer.User,
        Password = server.Password,
    };

    public static RabbitMqBus BusOf(RabbitMqOptions options, string node, int capacity = 1_000, Action<string>? onTrouble = null) =>
        new(options, node, new InProcessBus(capacity), capacity, onTrouble);

    /// <summary>What somebody else does on the broker.</summary>
    public static async Task<T> DoAsync<T>(this RabbitMqServer server, string host, Func<IChannel, Task<T>> work)
    {
        var factory = new ConnectionFactory { Uri = new Uri($"amqp://{RabbitMqServer.User}:{server.Password}@127.0.0.1:{server.Port()}/{host}"), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await work(channel);
    }
}
