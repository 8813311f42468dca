using System.Diagnostics;
using System.Globalization;
using Simulator.Conformance;

namespace Simulation.Tests.Conformance;

/// <summary>The Promela model in a directory of its own, walked at random by spin. Every walk is a history that the model allows.</summary>
internal sealed class SpinModel : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("spin").FullName;
    private readonly string[] flags;

    public SpinModel(params string[] flags)
    {
        this.flags = flags;
        var here = AppContext.BaseDirectory;
        var spec = Path.Combine(here[..here.IndexOf(Path.Combine("tests", "Simulation.Tests"), StringComparison.Ordinal)], "spec");
        foreach (var file in Directory.GetFiles(spec, "*.pml").Concat(Directory.GetFiles(spec, "*.inc"))) File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
    }

    /// <summary>One random walk. Each leaves out other steps than the last one, so that many get beyond the grant.</summary>
    public IReadOnlyList<ModelStep> Walk(int seed)
    {
        var patient = 127 & ~(1 << (seed % 9));
        return Parse(Run("spin", ["-T", $"-n{seed}", "-u10000", "-DTRACE", "-DSAFETY_ONLY", $"-DPATIENT={patient}", .. flags, "handoff.pml"]));
    }

    /// <summary>The shortest road that the checker finds to a state in which an invariant is broken.</summary>
    public IReadOnlyList<ModelStep> Error()
    {
        Run("spin", ["-a", "-DTRACE", .. flags, "handoff.pml"]);
        Run("gcc", ["-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=3000", "-o", "pan", "pan.c"]);
        Run(Path.Combine(directory, "pan"), ["-E", "-m1000000"]);
        return Parse(Run("spin", ["-T", "-t", "-DTRACE", .. flags, "handoff.pml"]));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static List<ModelStep> Parse(string output)
    {
        List<ModelStep> steps = [];
        foreach (var line in output.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["T", var word, var first, var second]) continue;
            var (a, b) = (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(second, CultureInfo.InvariantCulture));
            var kind = Enum.Parse<StepKind>(word, ignoreCase: true);
            // The model names the message or the status first.
            steps.Add(kind is StepKind.Sent or StepKind.Log ? new ModelStep(kind, b, a) : new ModelStep(kind, a, b));
        }

        return steps;
    }

    private string Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (output.Contains("spin: ", StringComparison.Ordinal) && output.Contains("undeclared", StringComparison.Ordinal)) throw new InvalidOperationException(output + errors.Result);
        return output;
    }
}
