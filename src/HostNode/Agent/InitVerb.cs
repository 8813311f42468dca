using Coordinator.Shared.Identity;
using HostNode.Agent.Configuration;
using HostNode.Agent.Journal;

namespace HostNode.Agent;

/// <summary><c>host-agent init</c>: the only way a journal comes to be.</summary>
internal static class InitVerb
{
    public static int Run(Options options)
    {
        if (!HostId.TryParse(options["--host"], out var host)) throw new ConfigException(Names.Refusal("host", options["--host"]));
        try
        {
            using var disk = LinuxJournalDisk.Open(options["--dir"], create: true);
            AgentJournal.Initialise(disk, host);
            Console.WriteLine($"journal of host {host} created in {disk.Path}");
            return ExitCode.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"--dir {options["--dir"]}: {e.Message}");
        }
    }
}
