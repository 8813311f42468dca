using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>
/// Source-generated JSON of the HTTP API: camelCase, strict numbers, depth at most 32. As it stands it refuses unknown fields, missing
/// fields and nulls where none may be (requests); <see cref="Reader"/> ignores unknown fields (a client of a newer server).
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 32)]
[JsonSerializable(typeof(HostResource))]
[JsonSerializable(typeof(VmResource))]
[JsonSerializable(typeof(MigrationResource))]
[JsonSerializable(typeof(EventResource))]
[JsonSerializable(typeof(ListResource<HostResource>))]
[JsonSerializable(typeof(ListResource<VmResource>))]
[JsonSerializable(typeof(ListResource<MigrationResource>))]
[JsonSerializable(typeof(ListResource<EventResource>))]
[JsonSerializable(typeof(CreateMigration))]
[JsonSerializable(typeof(RegisterVm))]
[JsonSerializable(typeof(AdoptVmRequest))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(StartVmRequest))]
[JsonSerializable(typeof(ResolveMigration))]
[JsonSerializable(typeof(EnrolHost))]
[JsonSerializable(typeof(WriteOffHost))]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(MigrationPlan))]
[JsonSerializable(typeof(EvacuationResource))]
[JsonSerializable(typeof(ListResource<EvacuationResource>))]
[JsonSerializable(typeof(CreateEvacuation))]
[JsonSerializable(typeof(CancelEvacuation))]
[JsonSerializable(typeof(EvacuationPlan))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ClusterResource))]
[JsonSerializable(typeof(NodeResource))]
[JsonSerializable(typeof(ListResource<NodeResource>))]
[JsonSerializable(typeof(ListResource<ShardResource>))]
public sealed partial class ApiJson : JsonSerializerContext
{
    private static readonly Lazy<ApiJson> Lenient = new(MakeLenient);

    /// <summary>For answers: fields a newer server added are ignored.</summary>
    public static ApiJson Reader => Lenient.Value;

    private static ApiJson MakeLenient() => new(new JsonSerializerOptions(Default.GeneratedSerializerOptions!)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = false,
    });
}
