using System.Text.Json.Serialization;

namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>Instances are strict, as requests are: an unknown or missing field is an error that names its place.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(PlanInstance))]
[JsonSerializable(typeof(EvacuationPlan))]
public sealed partial class PlanJson : JsonSerializerContext;
