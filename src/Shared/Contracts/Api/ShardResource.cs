namespace Coordinator.Shared.Contracts.Api;

/// <summary>A shard and who decides for it, as the store shows it.</summary>
/// <param name="Owner">Name of a coordinator; null for none.</param>
/// <param name="Term">Raised each time another process takes it.</param>
/// <param name="Position">Events committed in it.</param>
/// <param name="OpenStreams">Streams that are not over: what a new owner has to read.</param>
public sealed record ShardResource(string Kind, int Shard, string? Owner, bool OwnerLives, long Term, long Position, int OpenStreams)
{
    public const string KindName = "Shard";
}
