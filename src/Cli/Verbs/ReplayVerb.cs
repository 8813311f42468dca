using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Cli.Demo;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Verbs;

/// <summary><c>lm replay ID|FILE</c>: decides a stored history again with the coordinator of this installation.</summary>
internal static class ReplayVerb
{
    public static Command Build()
    {
        var history = new Argument<string>("ID|FILE")
        {
            Description = "A migration's id, or a file of events (lm migrations events ID -o jsonl > FILE).",
        };
        return Common.Verb("replay", "Decide a stored migration again with this build, and show the first difference. Exit code 1 if there is one.", [history], async (parsed, session, cancellation) =>
        {
            var name = parsed.GetRequiredValue(history);
            if (File.Exists(name)) return await RunAsync(name, null, cancellation);
            var migration = await MigrationVerbs.FindAsync(session, name, cancellation);
            return await RunAsync("-", input => WriteAsync(session, migration, input, cancellation), cancellation);
        });
    }

    private static async Task WriteAsync(Session session, MigrationResource migration, TextWriter to, CancellationToken cancellation)
    {
        await foreach (var happened in MigrationVerbs.EventsOf(session, migration, cancellation))
            await to.WriteLineAsync(JsonSerializer.Serialize(happened, ApiJson.Reader.EventResource));
    }

    private static async Task<int> RunAsync(string file, Func<TextWriter, Task>? write, CancellationToken cancellation)
    {
        var programs = ProgramFiles.Find();
        var start = new ProcessStartInfo(programs.Dotnet, [programs.Coordinator, "replay", file]) { RedirectStandardInput = write is not null };
        using var process = Process.Start(start)!;
        try
        {
            if (write is not null)
            {
                await write(process.StandardInput);
                process.StandardInput.Close();
            }

            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
