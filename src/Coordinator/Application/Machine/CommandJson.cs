using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Application.Machine;

/// <summary>Commands as they are kept in the envelope of the events they caused.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RegisterVm))]
[JsonSerializable(typeof(StartVmCommand))]
[JsonSerializable(typeof(StopVmCommand))]
[JsonSerializable(typeof(CreateMigration))]
[JsonSerializable(typeof(CancelMigration))]
[JsonSerializable(typeof(ForceMigration))]
[JsonSerializable(typeof(ResolveMigration))]
[JsonSerializable(typeof(CordonHost))]
[JsonSerializable(typeof(UncordonHost))]
[JsonSerializable(typeof(WriteOffHost))]
[JsonSerializable(typeof(AdmitHost))]
[JsonSerializable(typeof(EnrolHost))]
[JsonSerializable(typeof(RetireHost))]
[JsonSerializable(typeof(AnnounceRestore))]
[JsonSerializable(typeof(DoubtVm))]
[JsonSerializable(typeof(CutMigration))]
[JsonSerializable(typeof(TellWord))]
[JsonSerializable(typeof(TellHost))]
[JsonSerializable(typeof(TrustVm))]
[JsonSerializable(typeof(StartEvacuation))]
[JsonSerializable(typeof(PauseEvacuation))]
[JsonSerializable(typeof(ResumeEvacuation))]
[JsonSerializable(typeof(AbortEvacuation))]
[JsonSerializable(typeof(RetryFailed))]
[JsonSerializable(typeof(ReplanEvacuation))]
internal sealed partial class CommandJson : JsonSerializerContext
{
    public static void Write(Utf8JsonWriter json, Command command) => JsonSerializer.Serialize(json, command, command.GetType(), Default);
}
