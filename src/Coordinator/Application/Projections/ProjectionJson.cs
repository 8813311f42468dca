using System.Text.Json.Serialization;

namespace Coordinator.Application.Projections;

/// <summary>JSON of saved projections. A format of this code version only: another version reads all events anew.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FleetRows))]
internal sealed partial class ProjectionJson : JsonSerializerContext;
