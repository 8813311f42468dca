using System.Collections.Concurrent;
using System.Net;
using Agent.Tests.Security;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using HostNode.Agent.Links;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;

namespace Agent.Tests.Links;

/// <summary>One host's peer links, without an agent around them.</summary>
internal sealed class PeerHost : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lm-peer-").FullName;
    private readonly StringWriter _log = new();
    private readonly PeerServer _server;

    public PeerHost(TestAuthority authority, PeerIdentity identity, bool plain = false)
    {
        var leaf = authority.Issue(identity);
        string[] files = [Path.Combine(_folder, "c.pem"), Path.Combine(_folder, "k.pem"), Path.Combine(_folder, "ca.pem")];
        foreach (var (file, text) in files.Zip([leaf.Certificate, leaf.Key, authority.Root.Certificate])) File.WriteAllText(file, text);
        var log = new AgentLog(TextWriter.Synchronized(_log), TimeProvider.System);
        var credentials = new CredentialFiles(files[0], files[1], files[2], log);
        Links = new PeerLinks(credentials, Take, TimeProvider.System, Failpoints.None, log);
        Connector = new PeerConnector(credentials, plain, TimeProvider.System);
        _server = new PeerServer(new IPEndPoint(IPAddress.Loopback, 0), new PeerServerOptions
        {
            Credentials = credentials,
            Plain = plain,
            Clock = TimeProvider.System,
            Log = log,
            Control = Links.Adopt,
            MemorySource = hello => hello.Epoch == PreparedFor.Epoch ? PreparedFor.Source : null,
            Memory = (hello, stream) => Memory.Add((hello, stream)),
        });
        _server.Start();
    }

    public PeerLinks Links { get; }

    public PeerConnector Connector { get; }

    public TransferEndpoint Endpoint => new("127.0.0.1", _server.Port, null);

    public BlockingCollection<(HostId From, PeerMessage Message)> Received { get; } = [];

    public BlockingCollection<(PeerHello Hello, Stream Stream)> Memory { get; } = [];

    public (HostId? Source, Epoch Epoch) PreparedFor { get; set; }

    public string Log => _log.ToString();

    public void Dispose()
    {
        _server.Dispose();
        Links.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private bool Take(AgentInput input)
    {
        var received = (PeerReceived)input;
        Received.Add((received.From, received.Message));
        return true;
    }
}
