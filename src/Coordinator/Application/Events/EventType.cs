using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Coordinator.Application.Events;

/// <summary>One row of the <see cref="EventCatalog"/>.</summary>
public sealed record EventType(string Name, int SchemaVersion, Type Type, JsonTypeInfo Json)
{
    private const int ShortBytes = 64;

    /// <summary>
    /// The last short bodies read, by a hash of their bytes. Events never change, so equal bodies may be one object; half of a log is bodies
    /// such as <c>{}</c> and <c>{"role":"Source"}</c>, and comparing them is twenty times cheaper than reading them again.
    /// </summary>
    private readonly ShortBody?[] known = new ShortBody?[64];

    internal object? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length > ShortBytes) return JsonSerializer.Deserialize(body, Json);
        ref var place = ref known[Hash(body) % (uint)known.Length];
        if (place is { } seen && body.SequenceEqual(seen.Json)) return seen.Event;
        var read = JsonSerializer.Deserialize(body, Json);
        if (read is not null) place = new ShortBody(body.ToArray(), read);
        return read;
    }

    private static uint Hash(ReadOnlySpan<byte> body)
    {
        var hash = 2166136261u;
        foreach (var b in body) hash = (hash ^ b) * 16777619u;
        return hash;
    }

    private sealed record ShortBody(byte[] Json, object Event);
}
