using System.Net;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Microsoft.Extensions.Logging;

namespace Server.Tests;

/// <summary>A cluster's certificates in a directory of its own, removed at the end.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly PemCertificate _root = CertificateAuthority.Create("test", DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));

    public TestCluster()
    {
        File.WriteAllText(File_("ca.pem"), _root.Certificate);
        Write("node", PeerIdentity.OfCoordinator("node-1"));
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lm-server-tests-").FullName;

    public string File_(string name) => Path.Combine(Directory, name);

    public PemCertificate Issue(PeerIdentity identity) =>
        CertificateAuthority.Issue(_root, identity, ["127.0.0.1", "localhost"], DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));

    public PemCertificate IssueHost(string name) => Issue(PeerIdentity.OfHost(HostId.Parse(name)));

    public CoordinatorOptions Options() => new()
    {
        Node = "node-1", SqlitePath = File_("store.db"), Shards = 256, Http = new IPEndPoint(IPAddress.Loopback, 0), HttpClientCertificates = false,
        Hub = new IPEndPoint(IPAddress.Loopback, 0), HubHandshakesPerSecond = 1000, HubLateAfter = TimeSpan.FromSeconds(30), HubGoneAfter = TimeSpan.FromSeconds(60),
        TlsCertificate = File_("node.pem"), TlsKey = File_("node.key"), TlsCaBundle = File_("ca.pem"), JsonLogs = false, LogLevel = LogLevel.Error, ReadyFile = null,
    };

    /// <summary>The same as environment of a process.</summary>
    public Dictionary<string, string> Environment() => new()
    {
        ["Coordinator__Sqlite__Path"] = File_("store.db"), ["Coordinator__Http__Port"] = "0", ["Coordinator__Hub__Port"] = "0",
        ["Coordinator__Tls__Certificate"] = File_("node.pem"), ["Coordinator__Tls__Key"] = File_("node.key"), ["Coordinator__Tls__CaBundle"] = File_("ca.pem"),
        ["Coordinator__ReadyFile"] = File_("ready.json"),
    };

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private void Write(string name, PeerIdentity identity)
    {
        var pem = Issue(identity);
        File.WriteAllText(File_(name + ".pem"), pem.Certificate);
        File.WriteAllText(File_(name + ".key"), pem.Key);
    }
}
