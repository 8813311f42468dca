namespace Coordinator.Shared.Contracts.Api;

/// <summary>What every resource begins with.</summary>
/// <param name="Name">Unique within its kind, never reused.</param>
/// <param name="Etag">Strong entity tag without quotes: the version of the resource's event stream. Send it back in <c>If-Match</c>.</param>
/// <param name="Generation">Grows when somebody changes what is wanted (<c>spec</c>), not when the state moves.</param>
/// <param name="CreatedAt">Time of the first event, on the store's clock.</param>
public sealed record Metadata(string Name, string Etag, long Generation, DateTimeOffset CreatedAt);
