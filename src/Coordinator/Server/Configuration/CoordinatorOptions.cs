using System.Globalization;
using System.Net;
using Coordinator.Shared.Units;

namespace Coordinator.Server.Configuration;

/// <summary>The settings of one coordinator process, checked.</summary>
public sealed record CoordinatorOptions
{
    public required string Node { get; init; }

    /// <summary>The embedded store's file; not used with <see cref="Postgres"/>.</summary>
    public required string SqlitePath { get; init; }

    /// <summary>The shared store; null: the embedded one.</summary>
    public PostgresSettings? Postgres { get; init; }

    /// <summary>Other coordinators share the store.</summary>
    public bool Shared { get; init; }

    /// <summary>The broker that carries messages between them; null: the store does.</summary>
    public RabbitMqSettings? RabbitMq { get; init; }

    public required int Shards { get; init; }

    /// <summary>Where operators and clients connect. Anything but loopback needs client certificates.</summary>
    public required IPEndPoint Http { get; init; }

    /// <summary>TLS with operator certificates on the HTTP listener.</summary>
    public required bool HttpClientCertificates { get; init; }

    /// <summary>Where agents connect, always with mutual TLS.</summary>
    public required IPEndPoint Hub { get; init; }

    public required int HubHandshakesPerSecond { get; init; }

    /// <summary>No frame from an agent for this long: late.</summary>
    public required TimeSpan HubLateAfter { get; init; }

    /// <summary>No frame for this long: the link is closed, the host counts as gone from here.</summary>
    public required TimeSpan HubGoneAfter { get; init; }

    /// <summary>A host must have been enrolled before its agent is let in; else a certificate of the cluster is enough.</summary>
    public bool EnrolmentRequired { get; init; }

    /// <summary>What evacuations are planned with: each host's migration network, each direction.</summary>
    public ByteRate EvacuationLink { get; init; } = OfMegabits(10_000);

    /// <summary>So many virtual CPUs are planned as one of a host's: hosts are commonly promised more than once.</summary>
    public int EvacuationVcpusPerCpu { get; init; } = 4;

    public required string TlsCertificate { get; init; }

    public required string TlsKey { get; init; }

    public required string TlsCaBundle { get; init; }

    public required bool JsonLogs { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required string? ReadyFile { get; init; }

    private static ByteRate OfMegabits(int megabits) => new(megabits * 125_000L);

    /// <exception cref="ConfigurationProblemException">Settings that contradict each other, or a required one is missing.</exception>
    public static CoordinatorOptions From(IReadOnlyDictionary<ConfigKey, Setting> found)
    {
        string Get(ConfigKey key) => Maybe(key) ?? throw ConfigurationProblemException.NotSet(key);
        string? Maybe(ConfigKey key) => found.TryGetValue(key, out var setting) ? setting.Value : key.Default;
        int Number(ConfigKey key) => int.Parse(Get(key), CultureInfo.InvariantCulture);
        string Origin(ConfigKey key) => found.TryGetValue(key, out var setting) ? setting.Origin : "default";

        var options = new CoordinatorOptions
        {
            Node = Get(ConfigKeys.Node),
            SqlitePath = Get(ConfigKeys.SqlitePath),
            Postgres = Get(ConfigKeys.Store) == "postgres" ? PostgresSettings.From(found) : null,
            Shared = Get(ConfigKeys.Bus) != "inprocess",
            RabbitMq = Get(ConfigKeys.Bus) == "rabbitmq" ? RabbitMqSettings.From(found, Existing(ConfigKeys.TlsCaBundle)) : null,
            Shards = Number(ConfigKeys.Shards),
            Http = new IPEndPoint(IPAddress.Parse(Get(ConfigKeys.HttpAddress)), Number(ConfigKeys.HttpPort)),
            HttpClientCertificates = Get(ConfigKeys.HttpClientCertificates) == "required",
            Hub = new IPEndPoint(IPAddress.Parse(Get(ConfigKeys.HubAddress)), Number(ConfigKeys.HubPort)),
            HubHandshakesPerSecond = Number(ConfigKeys.HubHandshakesPerSecond),
            HubLateAfter = TimeSpan.FromMilliseconds(Number(ConfigKeys.HubLateAfterMs)),
            HubGoneAfter = TimeSpan.FromMilliseconds(Number(ConfigKeys.HubGoneAfterMs)),
            EnrolmentRequired = Get(ConfigKeys.HubEnrolment) == "required",
            EvacuationLink = OfMegabits(Number(ConfigKeys.EvacuationLinkMbps)),
            EvacuationVcpusPerCpu = Number(ConfigKeys.EvacuationVcpusPerCpu),
            TlsCertificate = Existing(ConfigKeys.TlsCertificate),
            TlsKey = Existing(ConfigKeys.TlsKey),
            TlsCaBundle = Existing(ConfigKeys.TlsCaBundle),
            JsonLogs = Get(ConfigKeys.LogFormat) == "json",
            LogLevel = Enum.Parse<LogLevel>(Get(ConfigKeys.LogLevel)),
            ReadyFile = Maybe(ConfigKeys.ReadyFile),
        };
        if (options.Shared && options.Postgres is null)
        {
            throw new ConfigurationProblemException($"{ConfigKeys.Bus.Path} = '{Get(ConfigKeys.Bus)}' needs {ConfigKeys.Store.Path} = postgres (from {Origin(ConfigKeys.Bus)})");
        }

        if (!IPAddress.IsLoopback(options.Http.Address) && !options.HttpClientCertificates)
        {
            throw new ConfigurationProblemException(
                $"{ConfigKeys.HttpAddress.Path} = '{options.Http.Address}': only a loopback address is served without operator certificates; "
                + $"set {ConfigKeys.HttpClientCertificates.Path} to required (from {Origin(ConfigKeys.HttpAddress)})");
        }

        if (options.HubGoneAfter <= options.HubLateAfter)
        {
            throw new ConfigurationProblemException(
                $"{ConfigKeys.HubGoneAfterMs.Path} must be more than {ConfigKeys.HubLateAfterMs.Path} (from {Origin(ConfigKeys.HubGoneAfterMs)})");
        }

        return options;

        string Existing(ConfigKey key)
        {
            var path = Get(key);
            return File.Exists(path) ? path : throw new ConfigurationProblemException($"{key.Path} = '{path}': there is no such file (from {Origin(key)})");
        }
    }
}
