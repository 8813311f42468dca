using System.Diagnostics;
using Coordinator.Shared.Identity;

namespace Coordinator.Bench;

/// <summary>What a user waits for: the CLI's start, and the end of a coordinator that has open watches.</summary>
public static class ProductBench
{
    private const int Watches = 16;

    public static int Run(string directory, Results report, int runs)
    {
                List<Sample> starts = [.. Enumerable.Range(0, runs + 1).Select(_ => new Sample(Start())).Skip(1)]; // the first reads the program from the disk
        report.Ratio("cli-start-seconds", starts, "s", "start of lm --version to its end", "s");

        List<Sample> ends = [.. Enumerable.Range(0, runs).Select(run => new Sample(Sigterm(Directory.CreateDirectory(Path.Combine(directory, $"sigterm-{run}")).FullName)))];
        report.Ratio("sigterm-seconds", ends, "s", $"SIGTERM with {Watches} watches of open migrations, to the end of the process", "s");
        return 0;
    }

    private static double Start()
    {
        var clock = Stopwatch.StartNew();
        using var lm = Process.Start(new ProcessStartInfo("dotnet", [BuiltProgram.Lm, "--version"]) { RedirectStandardOutput = true })!;
        lm.StandardOutput.ReadToEnd();
        lm.WaitForExit();
        return clock.Elapsed.TotalSeconds;
    }

    private static double Sigterm(string directory)
    {
        using var coordinator = CoordinatorProcess.Start(directory, BuiltProgram.Coordinator, Watches, out var open);
        using var client = new HttpClient { BaseAddress = coordinator.Http };
        var watches = open.Select(id => Watch(client, id)).ToList();
        var took = coordinator.Terminate();
        foreach (var watch in watches) watch.Dispose();
        return took.TotalSeconds;
    }

    // Open once it has said how the migration stands: from then on it waits for news.
    private static StreamReader Watch(HttpClient client, MigrationId id)
    {
        var reader = new StreamReader(client.GetStreamAsync($"/v1/migrations/{id}/watch").Result);
        while (reader.ReadLine() is { } line)
        {
            if (line == "event: status") return reader;
        }

        throw new InvalidOperationException($"the watch of {id} ended before the server was told to stop");
    }
}
