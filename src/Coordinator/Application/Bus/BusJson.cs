using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Application.Bus;

/// <summary>Messages as they leave the process.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ShardMessage))]
public sealed partial class BusJson : JsonSerializerContext
{
    public static string Write(ShardMessage message) => JsonSerializer.Serialize(message, Default.ShardMessage);

    /// <exception cref="JsonException">Not a message, or of a kind this program does not know.</exception>
    public static ShardMessage Read(ReadOnlySpan<char> json) => JsonSerializer.Deserialize(json, Default.ShardMessage) ?? throw new JsonException("it is null");
}
