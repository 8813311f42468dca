namespace Cli.Demo;

/// <summary>The built programs that the demo starts: of a source tree, each in its own project's output folder; of an installation, side by side.</summary>
internal sealed record ProgramFiles(string Dotnet, string Coordinator, string Agent, string GuestHolder)
{
    /// <exception cref="CliException">One of them is not built.</exception>
    public static ProgramFiles Find() => new(
        FindDotnet(),
        Of("coordinator.dll", "src/Coordinator/Server"),
        Of("host-agent.dll", "src/HostNode/Agent"),
        Of("guest-holder.dll", "src/HostNode/GuestHolder"));

    /// <exception cref="CliException">It is not built.</exception>
    public static (string Dotnet, string Simulator) FindSimulator() => (FindDotnet(), Of("lm-simulator.dll", "src/Simulator"));

    private static string Of(string file, string project)
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var installed = Path.Combine(here, file);
        if (File.Exists(installed)) return installed;
        // …/src/Cli/bin/<configuration>/<framework>: the others were built with the same two.
        var framework = Path.GetFileName(here);
        var configuration = Path.GetFileName(Path.GetDirectoryName(here));
        for (var root = Path.GetDirectoryName(here); root is not null; root = Path.GetDirectoryName(root))
        {
            var built = Path.Combine(root, project, "bin", configuration ?? "Debug", framework, file);
            if (File.Exists(built)) return built;
        }

        throw new CliException(ExitCodes.Configuration, $"{file} is not built", "run it from the source tree: dotnet run --project src/Cli -- demo");
    }

    // The host of the very runtime that runs us: whatever PATH says.
    private static string FindDotnet()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var beside = Path.GetFullPath(Path.Combine(framework, "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }
}
