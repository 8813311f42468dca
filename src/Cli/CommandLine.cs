using System.CommandLine;
using Cli.Verbs;

namespace Cli;

/// <summary>The tree of commands, and how every one of them ends.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // The library would print the whole help and exit with 1.
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync("lm: " + error.Message);
            await Console.Error.WriteLineAsync($"see: lm {CommandPath(parsed)}--help");
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
        }
        catch (CliException e)
        {
            await Console.Error.WriteLineAsync("lm: " + e.Message);
            if (e.Hint is { Length: > 0 } hint) await Console.Error.WriteLineAsync("    " + hint);
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private static RootCommand Root()
    {
        var root = new RootCommand("Moves running virtual machines between hosts, and says what happened and why.");
        foreach (var option in GlobalOptions.All) root.Options.Add(option);
        root.Subcommands.Add(DemoVerb.Build());
        root.Subcommands.Add(MigrateVerb.Build());
        root.Subcommands.Add(MigrationVerbs.Build());
        root.Subcommands.Add(EvacuateVerb.Build());
        root.Subcommands.Add(EvacuationVerbs.Build());
        root.Subcommands.Add(PlanVerb.Build());
        root.Subcommands.Add(VmVerbs.Build());
        root.Subcommands.Add(HostVerbs.Build());
        root.Subcommands.Add(ClusterVerbs.Build());
        root.Subcommands.Add(ExplainVerb.Build());
        root.Subcommands.Add(ReplayVerb.Build());
        root.Subcommands.Add(CertVerbs.Build());
        root.Subcommands.Add(SimulateVerb.Build());
        return root;
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            if (result.Command is not RootCommand) names.Push(result.Command.Name);
        }

        return string.Concat(names.Select(name => name + " "));
    }
}
