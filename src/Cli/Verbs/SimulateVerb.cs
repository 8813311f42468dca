using System.CommandLine;
using System.Diagnostics;
using Cli.Demo;
using Cli.Output;

namespace Cli.Verbs;

/// <summary><c>lm simulate</c>: runs the simulator's own program; needs no server.</summary>
internal static class SimulateVerb
{
    public static Command Build()
    {
        var seed = new Option<ulong?>("--seed") { Description = "One seed; with --trace its timeline goes to trace-SEED.txt." };
        var from = new Option<ulong?>("--from") { Description = "First seed (1)." };
        var seeds = new Option<ulong?>("--seeds") { Description = "How many (100)." };
        var minutes = new Option<double?>("--minutes") { Description = "As many seeds as fit into this time." };
        var keep = new Option<string?>("--keep") { Description = "Only these faults, named as a failure prints them, with commas between; empty for none." };
        var history = new Option<string?>("--history") { Description = "With --seed: a folder for its migrations' events, as lm replay takes them." };
        var trace = new Option<bool>("--trace") { Description = "Write the timeline of a failing seed down." };
        var whole = new Option<bool>("--no-shrink") { Description = "Do not reduce a failing seed to few faults." };
        var command = new Command("simulate", "Run whole clusters under faults in virtual time, on the production machines; exit 1 if an invariant was broken.")
        {
            seed, from, seeds, minutes, keep, history, trace, whole,
        };
        command.SetAction(parsed =>
        {
            List<string> options = [];
            Add("--seed", parsed.GetValue(seed));
            Add("--from", parsed.GetValue(from));
            Add("--seeds", parsed.GetValue(seeds));
            Add("--minutes", parsed.GetValue(minutes));
            Add("--keep", parsed.GetValue(keep));
            Add("--history", parsed.GetValue(history));
            if (parsed.GetValue(trace)) options.Add("--trace");
            if (parsed.GetValue(whole)) options.Add("--no-shrink");
            if (parsed.GetValue(GlobalOptions.Format) == OutputFormat.Json) options.AddRange(["-o", "json"]);
            return Run(options);

            void Add(string name, object? value)
            {
                if (value is not null) options.AddRange([name, FormattableString.Invariant($"{value}")]);
            }
        });
        return command;
    }

    private static int Run(List<string> options)
    {
        var (dotnet, simulator) = ProgramFiles.FindSimulator();
        using var process = Process.Start(new ProcessStartInfo(dotnet, [simulator, .. options]))!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
