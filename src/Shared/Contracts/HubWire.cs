using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Contracts;

/// <summary>Reads what crosses the hub's links, so that a newer program on the other side is no reason to cut one.</summary>
public static class HubWire
{
    private static readonly HashSet<string> Messages = KindsOf<HubMessage>();
    private static readonly HashSet<string> Orders = KindsOf<Order>();
    private static readonly HashSet<string> Reports = KindsOf<Report>();

    /// <returns>The message, or an <see cref="UnknownHubMessage"/> if it is one that only a newer program knows.</returns>
    /// <exception cref="JsonException">No message at all, or one of a known kind that cannot be read.</exception>
    public static HubMessage Read(ReadOnlySpan<byte> frame)
    {
        try
        {
            return JsonSerializer.Deserialize(frame, WireJson.Default.HubMessage) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return Unknown(frame) ?? throw new JsonException(e.Message, e);
        }
    }

    private static UnknownHubMessage? Unknown(ReadOnlySpan<byte> frame)
    {
        try
        {
            var reader = new Utf8JsonReader(frame);
            using var document = JsonDocument.ParseValue(ref reader);
            if (Kind(document.RootElement, "message") is not { } message) return null;
            if (!Messages.Contains(message)) return new UnknownHubMessage(message);
            var (inner, known) = message == nameof(HubOrder) ? ("order", Orders) : ("report", Reports);
            return document.RootElement.TryGetProperty(inner, out var body) && Kind(body, inner) is { } kind && !known.Contains(kind) ? new UnknownHubMessage($"{message} {kind}") : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Kind(JsonElement element, string discriminator) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(discriminator, out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString() : null;

    private static HashSet<string> KindsOf<T>() => [.. typeof(T).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(derived => (string)derived.TypeDiscriminator!)];
}
