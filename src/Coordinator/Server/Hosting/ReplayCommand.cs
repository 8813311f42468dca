using System.Text.Json;
using Coordinator.Application.Replay;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Hosting;

/// <summary><c>coordinator replay FILE</c>: decides stored histories again with this build, and shows the first difference of each.</summary>
public static class ReplayCommand
{
    public const string Name = "replay";

    private const int LineMax = 1024 * 1024;

    /// <summary>Reads events as <c>lm migrations events ID -o jsonl</c> prints them; several migrations may follow each other.</summary>
    /// <returns>0: the same; 1: a difference; 2: cannot be read or decided.</returns>
    public static int Run(TextReader history, string name, TextWriter output, TextWriter errors) => Run(Read(history, name), name, output, errors);

    /// <param name="events">Of migrations, each from its first to its last.</param>
    public static int Run(IEnumerable<RecordedEvent> events, string name, TextWriter output, TextWriter errors)
    {
        var differs = false;
        try
        {
            var streams = events.GroupBy(e => e.Stream).ToList();
            if (streams.Count == 0) throw new HistoryFormatException("the history is empty");
            foreach (var stream in streams)
            {
                var result = MigrationReplay.Run([.. stream]);
                Tell(output, stream.Key, result);
                differs |= result.Difference is not null;
            }
        }
        catch (HistoryFormatException e)
        {
            errors.WriteLine($"{name}: {e.Message}");
            errors.WriteLine("    give the events of migrations: lm migrations events ID -o jsonl > FILE");
            return ExitCodes.Usage;
        }

        return differs ? ExitCodes.Failed : ExitCodes.Stopped;
    }

    private static void Tell(TextWriter output, string stream, ReplayResult result)
    {
        if (result.Difference is not { } difference)
        {
            output.WriteLine($"{stream}: {result.Decisions} decisions, {result.Events} events: the same with build {BuildInfo.Version}");
            return;
        }

        output.WriteLine($"{stream}: differs at version {difference.Version}, after {result.Decisions} decisions that came out the same");
        output.WriteLine($"  decided on  {difference.Cause}");
        output.WriteLine($"  then        {difference.Then}");
        output.WriteLine($"  now         {difference.Now}");
    }

    private static IEnumerable<RecordedEvent> Read(TextReader history, string name)
    {
        for (var number = 1; history.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            yield return line.Length <= LineMax ? Parse(line, number) : throw new HistoryFormatException($"line {number} is longer than {LineMax} characters");
        }
    }

    private static RecordedEvent Parse(string line, int number)
    {
        try
        {
            var e = JsonSerializer.Deserialize(line, ApiJson.Reader.EventResource) ?? throw new JsonException("it is null");
            if (e is not { Stream: not null, Type: not null, Actor: not null, Cause: { Kind: not null, Id: not null }, Data.ValueKind: JsonValueKind.Object })
                throw new JsonException("stream, type, actor, cause or data is missing");
            return RecordedEvent.Of(e);
        }
        catch (JsonException e)
        {
            throw new HistoryFormatException($"line {number} is no event: {e.Message}", e);
        }
    }
}
