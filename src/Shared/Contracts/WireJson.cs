using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Shared.Handoff;

namespace Coordinator.Shared.Contracts;

/// <summary>Source-generated JSON of everything that crosses a process border: camelCase, no nulls written, depth at most 32.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    MaxDepth = 32)]
[JsonSerializable(typeof(HubMessage))]
[JsonSerializable(typeof(PeerMessage))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(GuestSpec))]
[JsonSerializable(typeof(MigrationPolicy))]
[JsonSerializable(typeof(ProgressSample))]
[JsonSerializable(typeof(SignedToken))]
public sealed partial class WireJson : JsonSerializerContext;
