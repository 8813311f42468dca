namespace Coordinator.Shared.Contracts.Api;

/// <summary>One page of a list.</summary>
/// <param name="Items">At most the asked <c>limit</c>.</param>
/// <param name="Cursor">Opaque; pass it as <c>?cursor=</c> to get the next page. Null on the last one.</param>
public sealed record ListResource<T>(IReadOnlyList<T> Items, string? Cursor);
