using System.Text.Json.Serialization;

namespace HostNode.Engine.Guests;

/// <summary>JSON of the guest-holder's socket.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    MaxDepth = 8)]
[JsonSerializable(typeof(HolderRequest))]
[JsonSerializable(typeof(HolderReply))]
public sealed partial class HolderJson : JsonSerializerContext;
