using System.Net;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace HostNode.Agent.Configuration;

/// <summary>What <c>host-agent run</c> needs to know. Example: <c>deploy/systemd/host-agent.json</c>.</summary>
public sealed record AgentConfig
{
    private const string HubPath = "/hub";

    /// <summary>Directory of the journal, made by <c>init</c>; drivers keep their sockets and files beside it.</summary>
    public required string Dir { get; init; }

    /// <summary>This host's name; the journal and the certificate must say the same.</summary>
    public required HostId Host { get; init; }

    /// <summary>Coordinators' hubs (<c>wss</c>), tried in turn.</summary>
    public required IReadOnlyList<Uri> Coordinators { get; init; }

    /// <summary>IP address of the migration network on this host.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>TCP port other agents connect to; 0 takes a free one, which changes with each start (for tests).</summary>
    public required int PeerPort { get; init; }

    /// <summary>PEM files.</summary>
    public required string Certificate { get; init; }

    /// <inheritdoc cref="Certificate"/>
    public required string Key { get; init; }

    /// <inheritdoc cref="Certificate"/>
    public required string CaBundle { get; init; }

    /// <summary>For guests.</summary>
    public required ByteCount Memory { get; init; }

    public required int Cpus { get; init; }

    /// <summary><c>native</c>, <c>qemu</c>, <c>fake</c>.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>The guest-holder's executable; null: beside the agent.</summary>
    public string? HolderPath { get; init; }

    /// <summary>QEMU's executable; null: <c>qemu-system-x86_64</c> on the path.</summary>
    public string? Qemu { get; init; }

    /// <summary>Memory streams without TLS.</summary>
    public bool PlainMemory { get; init; }

    /// <exception cref="ConfigException">One line for a person.</exception>
    public static AgentConfig Read(string file, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var values = ConfigValues.Read(file, environment);
        var config = new AgentConfig
        {
            Dir = Path.GetFullPath(values.Required("Dir")),
            Host = HostId.TryParse(values.Required("Host"), out var host) ? host : throw values.Wrong("Host", "a host name (1 to 63 of a-z 0-9 . -)"),
            Coordinators = ReadCoordinators(values),
            Address = IPAddress.TryParse(values.Required("Address"), out var address) ? address : throw values.Wrong("Address", "an IP address"),
            PeerPort = (int)values.Number("PeerPort", 0, 65535, 7445),
            Certificate = values.Required("Certificates.Certificate"),
            Key = values.Required("Certificates.Key"),
            CaBundle = values.Required("Certificates.CaBundle"),
            Memory = new ByteCount(values.Number("Memory", 1024 * 1024, long.MaxValue, HostMemory())),
            Cpus = (int)values.Number("Cpus", 1, 4096, Environment.ProcessorCount),
            Drivers = ReadDrivers(values),
            HolderPath = values.Text("HolderPath"),
            Qemu = values.Text("Qemu"),
            PlainMemory = values.Flag("PlainMemory"),
        };
        values.RefuseUnknown();
        return config;
    }

    private static IReadOnlyList<Uri> ReadCoordinators(ConfigValues values)
    {
        var texts = values.List("Coordinators");
        if (texts.Count == 0) throw new ConfigException("Coordinators is missing: name at least one, for example wss://coordinator.example:7443");
        return [.. texts.Select((text, index) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "wss"
            ? uri.AbsolutePath == "/" ? new Uri(uri, HubPath) : uri
            : throw new ConfigException($"Coordinators.{index}: '{text}' is not a wss address, for example wss://coordinator.example:7443"))];
    }

    private static IReadOnlyList<string> ReadDrivers(ConfigValues values)
    {
        var drivers = values.List("Drivers");
        if (drivers.Count == 0) return ["native"];
        foreach (var driver in drivers)
        {
            if (!DriverFactory.Known.Contains(driver)) throw new ConfigException($"Drivers: '{driver}' is none of {string.Join(", ", DriverFactory.Known)}");
        }

        return drivers.Distinct().Count() == drivers.Count ? drivers : throw new ConfigException("Drivers: one stands twice");
    }

    // What the kernel has, less what the agent and the system need.
    private static long HostMemory() => Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - (512L << 20));
}
