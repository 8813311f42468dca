using System.Text.Json;
using System.Text.Json.Serialization;

namespace HostNode.Hypervisors.Fake;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FakeScript))]
[JsonSerializable(typeof(FakeGuestState))]
[JsonSerializable(typeof(FakeFrame))]
internal sealed partial class FakeJson : JsonSerializerContext;
