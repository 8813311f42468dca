using System.Globalization;
using System.Net;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Configuration;

/// <summary>Every setting of the coordinator.</summary>
public static class ConfigKeys
{
    public const string Prefix = "Coordinator:";

    public static readonly ConfigKey Node = new("Coordinator:Node", "node-1", "a name: 1 to 63 of a-z 0-9 . -", Names.IsValid);
    public static readonly ConfigKey Store = OneOf("Coordinator:Store", "sqlite", "sqlite", "postgres");
    public static readonly ConfigKey SqlitePath = Text("Coordinator:Sqlite:Path", "coordinator.db", "a file path");
    public static readonly ConfigKey PostgresConnection = Text("Coordinator:Postgres:Connection", null, "a connection string: Host=…;Database=…;Username=…");
    public static readonly ConfigKey PostgresPasswordFile = Text("Coordinator:Postgres:PasswordFile", null, "path of a file with the password in its first line");
    public static readonly ConfigKey Shards = Number("Coordinator:Shards", Identity.Shards, 1, Identity.ShardsMax);
    public static readonly ConfigKey Bus = OneOf("Coordinator:Bus", "inprocess", "inprocess", "postgres", "rabbitmq");
    public static readonly ConfigKey RabbitMqEndpoints = Text("Coordinator:RabbitMq:Endpoints", null, "the broker's nodes, separated by commas: amqps://rmq-1/lm,amqps://rmq-2/lm");
    public static readonly ConfigKey RabbitMqUser = Text("Coordinator:RabbitMq:User", null, "a user of the broker; without a password, the name in this node's certificate");
    public static readonly ConfigKey RabbitMqPasswordFile = Text("Coordinator:RabbitMq:PasswordFile", null, "path of a file with the password in its first line");
    public static readonly ConfigKey RabbitMqCaBundle = Text("Coordinator:RabbitMq:CaBundle", null, "path of the roots (PEM) that vouch for the broker; default: Coordinator:Tls:CaBundle");

    public static readonly ConfigKey HttpAddress = Address("Coordinator:Http:Address", "127.0.0.1");
    public static readonly ConfigKey HttpPort = Number("Coordinator:Http:Port", 7400, 0, 65535);
    public static readonly ConfigKey HttpClientCertificates = OneOf("Coordinator:Http:ClientCertificates", "off", "off", "required");

    public static readonly ConfigKey HubAddress = Address("Coordinator:Hub:Address", "127.0.0.1");
    public static readonly ConfigKey HubPort = Number("Coordinator:Hub:Port", 7401, 0, 65535);
    public static readonly ConfigKey HubHandshakesPerSecond = Number("Coordinator:Hub:HandshakesPerSecond", 50, 1, 10_000);
    public static readonly ConfigKey HubLateAfterMs = Number("Coordinator:Hub:LateAfterMs", 3_000, 100, 600_000);
    public static readonly ConfigKey HubGoneAfterMs = Number("Coordinator:Hub:GoneAfterMs", 10_000, 200, 600_000);

    public static readonly ConfigKey HubEnrolment = OneOf("Coordinator:Hub:Enrolment", "open", "open", "required");

    public static readonly ConfigKey EvacuationLinkMbps = Number("Coordinator:Evacuation:LinkMbps", 10_000, 1, 1_000_000);
    public static readonly ConfigKey EvacuationVcpusPerCpu = Number("Coordinator:Evacuation:VcpusPerCpu", 4, 1, 64);

    public static readonly ConfigKey TlsCertificate = Text("Coordinator:Tls:Certificate", null, "path of this node's certificate (PEM), made by `lm certs issue coordinator`");
    public static readonly ConfigKey TlsKey = Text("Coordinator:Tls:Key", null, "path of its private key (PEM, mode 0600)");
    public static readonly ConfigKey TlsCaBundle = Text("Coordinator:Tls:CaBundle", null, "path of the CA bundle (PEM), made by `lm certs init`");

    public static readonly ConfigKey LogFormat = OneOf("Coordinator:Log:Format", "simple", "simple", "json");
    public static readonly ConfigKey LogLevel = OneOf("Coordinator:Log:Level", "Information", "Trace", "Debug", "Information", "Warning", "Error");
    public static readonly ConfigKey ReadyFile = Text("Coordinator:ReadyFile", null, "path of a file to write the addresses and the process id to, once requests are served");

    public static readonly IReadOnlyList<ConfigKey> All =
    [
        Node, Store, SqlitePath, PostgresConnection, PostgresPasswordFile, Shards, Bus, RabbitMqEndpoints, RabbitMqUser, RabbitMqPasswordFile, RabbitMqCaBundle, HttpAddress, HttpPort, HttpClientCertificates, HubAddress, HubPort, HubHandshakesPerSecond,
        HubLateAfterMs, HubGoneAfterMs, HubEnrolment, EvacuationLinkMbps, EvacuationVcpusPerCpu, TlsCertificate, TlsKey, TlsCaBundle, LogFormat, LogLevel, ReadyFile,
    ];

    private static ConfigKey Text(string path, string? standard, string allowed) => new(path, standard, allowed, text => text.Trim().Length > 0);

    private static ConfigKey OneOf(string path, string standard, params string[] words) =>
        new(path, standard, string.Join(" or ", words), text => words.Contains(text, StringComparer.Ordinal));

    private static ConfigKey Number(string path, int standard, int min, int max) => new(
        path, standard.ToString(CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max);

    private static ConfigKey Address(string path, string standard) => new(path, standard, "an IP address", text => IPAddress.TryParse(text, out _));

    private static class Identity
    {
        public const int Shards = Coordinator.Shared.Identity.Shards.CountDefault;
        public const int ShardsMax = Coordinator.Shared.Identity.Shards.CountMax;
    }
}
