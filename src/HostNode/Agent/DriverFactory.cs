using HostNode.Agent.Configuration;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Fake;

namespace HostNode.Agent;

/// <summary>Makes the drivers a configuration names. The only place that knows them all.</summary>
internal static class DriverFactory
{
    public static readonly IReadOnlyList<string> Known = ["native", "qemu", "fake"];

    public static IHypervisor Create(string name, AgentConfig config, IHypervisorSink sink, IPeerConnector peers, TimeProvider clock) => name switch
    {
        "fake" => new FakeHypervisor(FakeOptions.FromEnvironment(config.Host, Path.Combine(config.Dir, "fake")), sink, peers, clock),
        _ => throw new ConfigException($"Drivers: '{name}' is not built into this agent yet"),
    };
}
