using System.Globalization;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Bus;

/// <summary>A message and where it goes. The body is immutable; an adapter that leaves the process writes it as JSON.</summary>
public sealed record BusMessage(string Address, ShardMessage Body)
{
    /// <summary>Inputs of a shard.</summary>
    public static string Shard(int shard) => (uint)shard < (uint)Shards.Length ? Shards[shard] ??= Name(shard) : Name(shard);

    private static readonly string?[] Shards = new string?[256];

    private static string Name(int shard) => string.Create(CultureInfo.InvariantCulture, $"shard.{shard}");

    /// <summary>Answers for one node.</summary>
    public static string Node(string name) => "node." + name;

    /// <summary>For every node.</summary>
    public const string AllNodes = "nodes";

    /// <summary>Orders and acknowledgements for the node that holds this host's link.</summary>
    public static string Host(HostId host) => "host." + host.Value;
}
