using System.Diagnostics;

namespace Coordinator.Bench;

/// <summary>What a user waits for: the CLI's start, and the end of a coordinator that has open watches.</summary>
public static class ProductBench
{
    public static int Run(Results report, int runs)
    {
        var root = Root();
        List<double> starts = [];
        for (var i = 0; i <= runs; i++)
        {
            var clock = Stopwatch.StartNew();
            using var lm = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(root, "src/Cli/bin/Release/net10.0/lm.dll"), "--version"]) { RedirectStandardOutput = true })!;
            lm.StandardOutput.ReadToEnd();
            lm.WaitForExit();
            if (i > 0) starts.Add(clock.Elapsed.TotalSeconds);
        }

        report.Ratio("cli-start-seconds", [.. starts.Select(s => new Sample(s))], "s", "start of lm --version to its end", "s");
        return 0;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Coordinator.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
