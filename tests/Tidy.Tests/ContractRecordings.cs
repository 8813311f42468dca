using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Shared.Contracts;

namespace Tidy.Tests;

/// <summary>
/// Old and new programs work side by side: every message has a recording of each version of its shape in tests/Histories/contracts, made when that version
/// was the current one and never changed, which today's readers must read. LM_REWRITE=1 writes what is missing; it never overwrites.
/// </summary>
public sealed class ContractRecordings
{
    private static readonly string Folder = Source.Path("tests/Histories/contracts");

    public static TheoryData<string> Kinds => [.. All.Keys];

    private static readonly Dictionary<string, (JsonTypeInfo Json, Type Kind)> All = Family(WireJson.Default.HubMessage).Concat(Family(WireJson.Default.Order)).Concat(Family(WireJson.Default.Report))
        .Concat(Family(WireJson.Default.PeerMessage)).Concat(Family(BusJson.Default.ShardMessage)).Append((ClusterJson.Default.NodeFacts, typeof(NodeFacts)))
        .ToDictionary(k => $"{k.Item1.Type.Name}.{k.Item2.Name}", StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_message_of_every_recorded_version_is_read_and_nothing_of_it_is_lost(string kind)
    {
        var recordings = Recordings(kind);
        Assert.True(recordings.Count > 0, $"{kind} has no recording: LM_REWRITE=1 writes it");
        foreach (var recording in recordings)
        {
            var stored = JsonNode.Parse(File.ReadAllText(recording))!;
            var read = stored.Deserialize(All[kind].Json);
            Assert.IsType(All[kind].Kind, read);
            AssertHolds(stored, JsonSerializer.SerializeToNode(read, All[kind].Json)!, recording);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_later_version_adds_to_a_message_is_passed_over(string kind)
    {
        var newest = JsonNode.Parse(File.ReadAllText(Recordings(kind)[^1]))!;
        var later = newest.DeepClone();
        AddEverywhere(later);

        var read = later.Deserialize(All[kind].Json);

        Assert.True(JsonNode.DeepEquals(newest, JsonSerializer.SerializeToNode(read, All[kind].Json)), later.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_message_whose_shape_changed_has_a_recording_of_the_current_version(string kind)
    {
        var (json, type) = All[kind];
        var today = JsonSerializer.Serialize(SampleEvents.Of(type), json);
        if (Recordings(kind) is [.., var newest] && File.ReadAllText(newest).Trim() == today) return;
        var path = Path.Combine(Folder, ContractVersion.Current.ToString(), kind + ".json");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("LM_REWRITE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, today + "\n");
            return;
        }

        Assert.Fail($"{kind} is {today} by now: if something was added, raise the minor number of ContractVersion.Current and write its recording with LM_REWRITE=1");
    }

    // Oldest version first.
    private static List<string> Recordings(string kind) => !Directory.Exists(Folder) ? [] :
        [.. Directory.GetDirectories(Folder).OrderBy(folder => ContractVersion.Of(Path.GetFileName(folder))).Select(folder => Path.Combine(folder, kind + ".json")).Where(File.Exists)];

    private static IEnumerable<(JsonTypeInfo, Type)> Family<T>(JsonTypeInfo<T> json) =>
        typeof(T).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(derived => ((JsonTypeInfo)json, derived.DerivedType));

    // Everything that was recorded is still there with its value; more may be.
    private static void AssertHolds(JsonNode recorded, JsonNode today, string where)
    {
        switch (recorded)
        {
            case JsonObject old:
                foreach (var (name, value) in old)
                {
                    Assert.True(today is JsonObject now && now.ContainsKey(name), $"{where}: {name} is lost");
                    AssertHolds(value!, today[name]!, $"{where}: {name}");
                }

                break;
            case JsonArray old:
                Assert.Equal(old.Count, Assert.IsType<JsonArray>(today).Count);
                for (var i = 0; i < old.Count; i++) AssertHolds(old[i]!, today[i]!, where);
                break;
            default:
                Assert.True(JsonNode.DeepEquals(recorded, today), $"{where}: {recorded} became {today}");
                break;
        }
    }

    private static void AddEverywhere(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list) AddEverywhere(item);
        }
        else if (node is JsonObject fields)
        {
            foreach (var (_, value) in fields.ToList()) AddEverywhere(value);
            fields.Add("fromTheFuture", new JsonObject { ["n"] = 1 });
        }
    }
}
