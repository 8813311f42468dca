using System.Text;
using System.Text.Json;
using Coordinator.Application.Events;

namespace Tidy.Tests;

/// <summary>
/// Events are for ever: every type has a stored sample in tests/Histories/samples, written when the type was made and never changed.
/// LM_REWRITE=1 writes samples that are missing; it never overwrites one.
/// </summary>
public sealed class EventSamples
{
    [Fact]
    public void Every_event_type_has_a_stored_sample_that_todays_code_reads_and_writes_unchanged()
    {
        foreach (var type in EventCatalog.All)
        {
            var path = Source.Path($"tests/Histories/samples/{type.Name}.{type.SchemaVersion}.json");
            if (!File.Exists(path) && Environment.GetEnvironmentVariable("LM_REWRITE") == "1") Write(path, type);
            Assert.True(File.Exists(path), $"{type.Name} version {type.SchemaVersion} has no sample: LM_REWRITE=1 writes it");
            var stored = File.ReadAllText(path).Trim();
            var read = EventCatalog.Read(type.Name, type.SchemaVersion, Encoding.UTF8.GetBytes(stored));
            Assert.IsType(type.Type, read);
            Assert.Equal(stored, JsonSerializer.Serialize(read, type.Json));
        }
    }

    [Fact]
    public void An_event_of_a_newer_version_stops_a_decider_with_a_readable_error()
    {
        var type = EventCatalog.All[0];
        var refused = Assert.Throws<UnknownEventException>(() => EventCatalog.Read(type.Name, type.SchemaVersion + 1, "{}"u8));
        Assert.Contains(type.Name, refused.Message, StringComparison.Ordinal);
        Assert.Throws<UnknownEventException>(() => EventCatalog.Read("NeverHeardOf", 1, "{}"u8));
    }

    private static void Write(string path, EventType type)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, JsonSerializer.Serialize(SampleEvents.Of(type.Type), type.Json) + "\n");
    }
}
