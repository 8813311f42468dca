using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Application.Cluster;

/// <summary>What nodes tell each other through the store. Fields a newer node added are ignored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeFacts))]
public sealed partial class ClusterJson : JsonSerializerContext
{
    public static string Write(NodeFacts facts) => JsonSerializer.Serialize(facts, Default.NodeFacts);

    /// <returns>Nothing known, if a node wrote what this one cannot read.</returns>
    public static NodeFacts Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Default.NodeFacts) ?? new NodeFacts();
        }
        catch (JsonException)
        {
            return new NodeFacts();
        }
    }
}
