using HostNode.Agent;
using HostNode.Agent.Configuration;
using HostNode.Agent.Journal;

const string usage = """
    host-agent init --dir DIR --host NAME    create the journal of a new host
    host-agent run --config FILE             run the agent; variables HostAgent__Key override the file
    host-agent --version
    """;

try
{
    switch (args)
    {
        case ["init", .. var rest]:
            return InitVerb.Run(Options.Parse(rest, "--dir", "--host"));
        case ["run", .. var rest]:
            return await RunVerb.RunAsync(Options.Parse(rest, "--config"));
        case ["--version"]:
            Console.WriteLine(RunVerb.Version);
            return ExitCode.Success;
        case ["--help" or "-h"]:
            Console.WriteLine(usage);
            return ExitCode.Success;
        default:
            Console.Error.WriteLine(usage);
            return ExitCode.Usage;
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"host-agent: {e.Message}\n{usage}");
    return ExitCode.Usage;
}
catch (ConfigException e)
{
    Console.Error.WriteLine($"host-agent: {e.Message}");
    return ExitCode.Configuration;
}
catch (JournalException e)
{
    Console.Error.WriteLine($"host-agent: {e.Message}");
    return e switch
    {
        JournalFailedException => ExitCode.InputOutput,
        JournalBusyException => ExitCode.Busy,
        _ => ExitCode.Configuration,
    };
}
