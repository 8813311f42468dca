using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using Contract.Tests.Buses;
using Contract.Tests.RabbitMq.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.RabbitMq;
using Coordinator.Application.Bus;
using Coordinator.Shared.Security;
using Lab.Servers;

namespace Contract.Tests.RabbitMq;

/// <summary>Each node comes as its own user, by certificate or password; who is not let in is told why in one line.</summary>
[UnsupportedOSPlatform("windows")]
[NeedsRabbitMq]
[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqLoginTests(SharedBroker broker) : IDisposable
{
    private const string Node = "node-1";
    private readonly string _folder = Directory.CreateTempSubdirectory("lm-mq-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ServerFact]
    public void Given_a_wrong_password_or_virtual_host_When_checked_Then_it_is_refused_with_what_to_look_at()
    {
        var good = broker.Server.Options(broker.Server.NewHost());
        RabbitMqBus.Check(good, Node);

        var password = Assert.Throws<BusConfigurationException>(() => RabbitMqBus.Check(good with { Password = "wrong" }, Node));
        var host = Assert.Throws<BusConfigurationException>(() => RabbitMqBus.Check(broker.Server.Options("nowhere"), Node));

        Assert.Contains("refused user 'lm'", password.Message);
        Assert.Contains("check its password file", password.Message);
        Assert.Contains("nowhere", host.Message);
        Assert.DoesNotContain('\n', password.Message + host.Message);
    }

    [ServerFact]
    public void Given_a_broker_that_cannot_be_reached_When_checked_Then_nothing_is_said_and_its_bus_says_what_is_wrong()
    {
        using var proxy = new CuttingProxy(1); // where nobody listens
        var options = broker.Server.Options("any", proxy.Port);

        RabbitMqBus.Check(options, Node);
        using var bus = Broker.BusOf(options, Node);

        Assert.NotNull(bus.Trouble);
        Assert.True(bus.Publish(BusContract.Message("shard.1", 1)));
    }

    [ServerFact]
    public void Given_a_user_with_the_rights_of_one_node_by_its_certificate_When_it_joins_Then_all_it_needs_works_and_strangers_are_refused()
    {
        var (ours, theirs) = (Root("ours"), Root("theirs"));
        Issue(ours, PeerIdentity.OfOperator("broker"), "server").Dispose();
        var port = Cli.Demo.FreePort.Find();
        using var tls = new RabbitMqServer(plugins: "rabbitmq_auth_mechanism_ssl", conf: $"""
            listeners.ssl.default = 127.0.0.1:{port}
            ssl_options.cacertfile = {File_("ours.pem")}
            ssl_options.certfile = {File_("server.pem")}
            ssl_options.keyfile = {File_("server.key")}
            ssl_options.verify = verify_peer
            ssl_options.fail_if_no_peer_cert = true
            ssl_cert_login_from = common_name
            auth_mechanisms.1 = EXTERNAL
            auth_mechanisms.2 = PLAIN
            """);
        OpenToBroker();
        tls.Start();
        foreach (var node in new[] { Node, "node-2" })
        {
            // As docs/operate/rabbitmq.md has it.
            tls.Control("add_user", $"coordinator/{node}", Guid.NewGuid().ToString("N"));
            tls.Control(
                "set_permissions", $"coordinator/{node}", $@"^(coordinator|poison|shard\..*|node\.{node}\..*)$", $@"^(coordinator|poison|shard\..*|node\.{node}\..*)$",
                $@"^(coordinator|shard\..*|node\.{node}\..*)$");
        }

        using var first = Issue(ours, PeerIdentity.OfCoordinator(Node), "node-1");
        using var second = Issue(ours, PeerIdentity.OfCoordinator("node-2"), "node-2");
        using var stranger = Issue(theirs, PeerIdentity.OfCoordinator(Node), "stranger");
        RabbitMqOptions As(X509Certificate2 certificate, string node, string roots = "ours.pem") => new()
        {
            Endpoints = [new Uri($"amqps://localhost:{port}")], User = $"coordinator/{node}", Certificate = certificate, Authorities = Roots(roots),
        };

        RabbitMqBus.Check(As(first, Node), Node);
        using var sender = Broker.BusOf(As(first, Node), Node);
        using var reader = Broker.BusOf(As(second, "node-2"), "node-2");
        using var owner = Listener.Owning(reader, "shard.1");
        using var link = Listener.At(reader, "host.a");
        using var own = Listener.At(reader, BusMessage.Node("node-2"));
        foreach (var (listener, address) in new[] { (owner, "shard.1"), (link, "host.a"), (own, BusMessage.Node("node-2")) })
            listener.Until(() => sender.Publish(BusContract.Message(address, 1)));

        Assert.Contains("TLS failed", Assert.Throws<BusConfigurationException>(() => RabbitMqBus.Check(As(first, Node, "theirs.pem"), Node)).Message);
        using var refused = Broker.BusOf(As(stranger, Node), Node);
        Assert.NotNull(refused.Trouble);
    }

    private PemCertificate Root(string name)
    {
        var now = DateTimeOffset.UtcNow;
        var root = CertificateAuthority.Create(name, now.AddMinutes(-5), now.AddDays(1));
        File.WriteAllText(File_(name + ".pem"), root.Certificate);
        return root;
    }

    private X509Certificate2 Issue(PemCertificate root, PeerIdentity identity, string file)
    {
        var now = DateTimeOffset.UtcNow;
        var issued = CertificateAuthority.Issue(root, identity, ["localhost", "127.0.0.1"], now.AddMinutes(-5), now.AddDays(1));
        File.WriteAllText(File_(file + ".pem"), issued.Certificate);
        File.WriteAllText(File_(file + ".key"), issued.Key);
        return issued.Load();
    }

    private X509Certificate2Collection Roots(string file)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(File_(file));
        return roots;
    }

    // The server's own user must be able to read its files: the folder is this user's alone.
    private void OpenToBroker()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        foreach (var file in Directory.GetFiles(_folder)) File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
    }

    private string File_(string name) => Path.Combine(_folder, name);
}
