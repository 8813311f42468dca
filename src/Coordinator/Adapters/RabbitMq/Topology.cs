using System.Globalization;
using Coordinator.Application.Bus;
using RabbitMQ.Client;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// What stands on the broker: one direct exchange whose routing keys are the addresses of the bus; a replicated queue for each shard, which outlives
/// its readers; a queue for each connected node, which ends with its connection.
/// </summary>
internal static class Topology
{
    public const string Exchange = "coordinator";

    /// <summary>Where messages go that nobody can read: the last thousand, for a person to look at.</summary>
    public const string Poison = "poison";

    /// <summary>Queues that may take the place of one that does not answer.</summary>
    public const int SparesMax = 2;

    // Unacknowledged messages of one shard at the most.
    private const ushort Prefetch = 512;

    // Of one queue, before the oldest are dropped. The broker refuses a queue that it has with other limits: to change one is to rename the queue.
    private const int WaitingMax = 16_384;
    private const int PoisonMax = 1_000;
    private const string ShardPrefix = "shard.";
    private const string HostPrefix = "host.";

    // Whatever waits this long has been said again since, and a client that asked has gone.
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SpareKeptFor = TimeSpan.FromMinutes(10);

    public static bool IsShard(string address) => address.StartsWith(ShardPrefix, StringComparison.Ordinal);

    /// <summary>A host has one link: who subscribes to it last has it.</summary>
    public static bool IsHost(string address) => address.StartsWith(HostPrefix, StringComparison.Ordinal);

    /// <summary>Safe to repeat.</summary>
    public static async Task DeclareAsync(IChannel channel)
    {
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Direct, durable: true, autoDelete: false).ConfigureAwait(false);
        await channel.QueueDeclareAsync(
            Poison, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-max-length"] = PoisonMax }).ConfigureAwait(false);
        await channel.QueueBindAsync(Poison, Exchange, Poison).ConfigureAwait(false);
    }

    /// <summary>Reads the queue of one shard: many may wait to read it, one does. Safe to repeat.</summary>
    /// <param name="spare">0, or how many queues of this shard do not answer; a spare one that nobody reads goes away by itself.</param>
    public static async Task ReadShardAsync(IChannel channel, IAsyncBasicConsumer reader, string address, int spare)
    {
        var queue = QueueOf(address, spare);
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-single-active-consumer"] = true,
            ["x-queue-leader-locator"] = "balanced",
            ["x-max-length"] = WaitingMax,
            ["x-message-ttl"] = (int)KeptFor.TotalMilliseconds,
            // A message that kills whoever reads it must not go on to kill the next one for ever.
            ["x-delivery-limit"] = 20,
        };
        if (spare > 0) arguments["x-expires"] = (int)SpareKeptFor.TotalMilliseconds;
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments).ConfigureAwait(false);
        await channel.BasicQosAsync(0, Prefetch, global: false).ConfigureAwait(false);
        await channel.BasicConsumeAsync(queue, autoAck: false, reader).ConfigureAwait(false);
        // Last: nothing is sent to a queue that does not answer.
        await channel.QueueBindAsync(queue, Exchange, address).ConfigureAwait(false);
    }

    /// <summary>Nothing more is sent to a queue that does not answer.</summary>
    public static Task LeaveShardAsync(IChannel channel, string address, int spare) => channel.QueueUnbindAsync(QueueOf(address, spare), Exchange, address);

    /// <summary>A queue of this connection alone: what it holds is worth nothing without it.</summary>
    /// <returns>Its name.</returns>
    public static async Task<string> DeclareNodeAsync(IChannel channel, string node)
    {
        var name = $"{BusMessage.Node(node)}.{Guid.NewGuid():N}";
        await channel.QueueDeclareAsync(name, durable: false, exclusive: true, autoDelete: true, new Dictionary<string, object?> { ["x-max-length"] = WaitingMax }).ConfigureAwait(false);
        return name;
    }

    private static string QueueOf(string address, int spare) => spare == 0 ? address : string.Create(CultureInfo.InvariantCulture, $"{address}.{spare}");
}
