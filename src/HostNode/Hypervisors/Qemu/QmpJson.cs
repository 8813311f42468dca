using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace HostNode.Hypervisors.Qemu;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 32)]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(GuestLabel))]
internal sealed partial class QmpJson : JsonSerializerContext;
