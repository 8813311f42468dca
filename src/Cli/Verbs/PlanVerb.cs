using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Cli.Demo;
using Cli.Output;
using Coordinator.Shared.Contracts.Evacuations;

namespace Cli.Verbs;

/// <summary><c>lm plan FILE</c>: plans an evacuation from a file with the planner of this installation; needs no server.</summary>
internal static class PlanVerb
{
    public static Command Build()
    {
        var file = new Argument<string>("FILE") { Description = "An instance as JSON (docs/reference/plan-instance.md); - = standard input." };
        var command = new Command("plan", "Plan an evacuation from a file: blockers, waves, order, ETA, lower bound. Changes nothing. Exit code 1 if there are blockers.") { file };
        command.SetAction(async (parsed, cancellation) => await RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(GlobalOptions.Format), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string file, OutputFormat format, CancellationToken cancellation)
    {
        if (format is not (OutputFormat.Table or OutputFormat.Json)) throw new CliException(ExitCodes.Usage, "a plan is printed as a table or as json", "-o table or -o json");
        var programs = ProgramFiles.Find();
        using var process = Process.Start(new ProcessStartInfo(programs.Dotnet, [programs.Coordinator, "plan", file]) { RedirectStandardOutput = true })!;
        try
        {
            var text = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode is not (ExitCodes.Done or ExitCodes.Failed) || text.Length == 0) return process.ExitCode;
            if (format == OutputFormat.Json) Console.Out.Write(text);
            else PlanText.Print(JsonSerializer.Deserialize(text, PlanJson.Default.EvacuationPlan)!);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
