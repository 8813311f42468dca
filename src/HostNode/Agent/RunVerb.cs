using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;
using HostNode.Agent.Configuration;
using HostNode.Agent.Journal;
using HostNode.Agent.Links;
using HostNode.Agent.Loop;

namespace HostNode.Agent;

/// <summary><c>host-agent run</c>: from a configuration to a running agent, until SIGTERM or a reason to stop.</summary>
internal static class RunVerb
{
    public static string Version { get; } =
        typeof(RunVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static async Task<int> RunAsync(Options options)
    {
        var clock = new BootClock();
        var log = new AgentLog(Console.Out, clock);
        var config = AgentConfig.Read(options["--config"], Environment());
        var failpoints = ReadFailpoints();
        var credentials = new CredentialFiles(config.Certificate, config.Key, config.CaBundle, log);
        CheckIdentity(config, credentials);

        using var disk = OpenDisk(config);
        await using var agent = AgentProcess.Start(config, disk, credentials, clock, failpoints, log);
        using var terminate = OnSignal(PosixSignal.SIGTERM, agent, log);
        using var interrupt = OnSignal(PosixSignal.SIGINT, agent, log);
        return agent.Run();
    }

    private static PosixSignalRegistration OnSignal(PosixSignal signal, AgentProcess agent, AgentLog log) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        log.Info("agent.stopping", "guests stay as they are", ("signal", signal));
        agent.Stop(ExitCode.Success);
    });

    private static LinuxJournalDisk OpenDisk(AgentConfig config)
    {
        try
        {
            return LinuxJournalDisk.Open(config.Dir, create: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Dir: {e.Message}");
        }
    }

    private static void CheckIdentity(AgentConfig config, CredentialFiles credentials)
    {
        try
        {
            var host = credentials.Current().Host;
            if (host != config.Host) throw new ConfigException($"Certificates.Certificate: {config.Certificate} is of host {host}, but Host is {config.Host}");
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Certificates: {e.Message}");
        }
    }

    private static Failpoints ReadFailpoints()
    {
        try
        {
            return Failpoints.Parse(System.Environment.GetEnvironmentVariable(Failpoints.Variable));
        }
        catch (FormatException e)
        {
            throw new ConfigException(e.Message);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? ""));
}
