using HostNode.Agent.Configuration;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Fake;
using HostNode.Hypervisors.Native;
using HostNode.Hypervisors.Qemu;

namespace HostNode.Agent;

/// <summary>Makes the drivers a configuration names. The only place that knows them all.</summary>
internal static class DriverFactory
{
    public static readonly IReadOnlyList<string> Known = ["native", "qemu", "fake"];

    private const string Holder = "guest-holder.dll";

    /// <exception cref="ConfigException">The driver cannot be had with this configuration.</exception>
    public static IHypervisor Create(string name, AgentConfig config, IHypervisorSink sink, IPeerConnector peers, TimeProvider clock) => name switch
    {
        "native" => new NativeHypervisor(
            new NativeOptions { RunDirectory = Path.Combine(config.Dir, "native"), HolderPath = HolderPath(config), Host = config.Host }, sink, peers, clock),
        "qemu" => new QemuHypervisor(QemuOptions(config, clock), sink),
        "fake" => new FakeHypervisor(FakeOptions.FromEnvironment(config.Host, Path.Combine(config.Dir, "fake")), sink, peers, clock),
        _ => throw new ConfigException($"Drivers: '{name}' is none of {string.Join(", ", Known)}"),
    };

    private static QemuOptions QemuOptions(AgentConfig config, TimeProvider clock)
    {
        var options = new QemuOptions
        {
            RunDirectory = Path.Combine(config.Dir, "qemu"), HostId = config.Host, AddressToListen = config.Address.ToString(), Time = clock,
        };
        return config.Qemu is { } path ? options with { QemuPath = path } : options;
    }

    // Beside the agent when installed; in a source tree each executable has a folder of its own.
    private static string HolderPath(AgentConfig config)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, Holder);
        var inTree = Path.Combine(AppContext.BaseDirectory.Replace("/HostNode/Agent/bin/", "/HostNode/GuestHolder/bin/", StringComparison.Ordinal), Holder);
        string[] candidates = config.HolderPath is { } path ? [path] : [beside, inTree];
        return candidates.FirstOrDefault(File.Exists) ?? throw new ConfigException($"HolderPath: no guest-holder at {string.Join(" or ", candidates)}");
    }
}
