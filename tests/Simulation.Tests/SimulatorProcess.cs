using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Simulation.Tests;

/// <summary>The simulator as a process of its own, built as told.</summary>
internal static class SimulatorProcess
{
    /// <summary>Runs it and reads its closing object; what it says of failures is in the message if it fails.</summary>
    public static JsonObject Run(string configuration, params string[] arguments)
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var root = here[..here.IndexOf(Path.Combine("tests", "Simulation.Tests"), StringComparison.Ordinal)];
        var program = Path.Combine(root, "src", "Simulator", "bin", configuration, Path.GetFileName(here), "lm-simulator.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments, "-o", "json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var last = output.TrimEnd().Split('\n')[^1];
        Assert.True(last.StartsWith('{'), $"no closing object: {output} {errors.Result}");
        var summary = JsonSerializer.Deserialize<JsonObject>(last)!;
        Assert.True(process.ExitCode == ((long)summary["violations"]! == 0 ? 0 : 1), $"exit code {process.ExitCode}");
        summary["failures"] = errors.Result;
        return summary;
    }
}
