namespace Coordinator.Shared.Contracts.Api;

/// <summary>All coordinators on one store, as one sentence and a list of checks.</summary>
/// <param name="Status"><c>ok</c>, or <c>failing</c> if a check fails.</param>
/// <param name="Answered">Name of the coordinator that answered.</param>
public sealed record ClusterResource(string Kind, string Status, string Answered)
{
    public const string KindName = "Cluster";

    public int NodesLive { get; init; }

    public int NodesDraining { get; init; }

    public int NodesDead { get; init; }

    public int Shards { get; init; }

    public int ShardsWithoutOwner { get; init; }

    /// <summary>Hosts whose link stands at some coordinator.</summary>
    public int Hosts { get; init; }

    /// <summary>Null while it cannot be reached.</summary>
    public StoreStatus? Store { get; init; }

    /// <summary>What commonly goes wrong, each with what to do about it.</summary>
    public IReadOnlyList<ClusterCheck> Checks { get; init; } = [];
}

/// <summary>The store behind the coordinators.</summary>
/// <param name="Place">Server and database, or the file.</param>
/// <param name="RoundTripMs">Of the smallest question.</param>
/// <param name="Position">Events committed; null if it is not counted.</param>
/// <param name="SchemaVersion">Of its tables; null for a store that needs no migration.</param>
public sealed record StoreStatus(string Place, double RoundTripMs, long? Position, int? SchemaVersion);

/// <summary>One thing that was looked at.</summary>
/// <param name="Detail">What was found, one sentence.</param>
/// <param name="Remedy">What to do; null when there is nothing to do.</param>
public sealed record ClusterCheck(string Name, bool Ok, string Detail, string? Remedy = null);
