using System.Text.Json;
using System.Text.Json.Serialization;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Journal;

/// <summary>Records as text, so that a person can read a journal.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    MaxDepth = 32)]
[JsonSerializable(typeof(JournalRecord[]))]
internal sealed partial class JournalJson : JsonSerializerContext;
