using System.Net;
using System.Net.Sockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Loop;

namespace HostNode.Agent.Links;

/// <summary>
/// The port other agents connect to. TLS first, then one line that says what the connection is for; a memory stream is handed to a driver
/// only if the machine prepared that attempt for that very host.
/// </summary>
public sealed class PeerServer : IDisposable
{
    private const int HandshakesMost = 32;
    private const byte JsonBegins = (byte)'{'; // a TLS record begins with 0x16
    private static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(5);
    private readonly TcpListener _listener;
    private readonly PeerServerOptions _options;
    private readonly SemaphoreSlim _handshakes = new(HandshakesMost);
    private volatile bool _stopped;

    /// <summary>Listens at once; accepts after <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be had: in use, or not of this host.</exception>
    public PeerServer(IPEndPoint address, PeerServerOptions options)
    {
        _options = options;
        _listener = new TcpListener(address);
        _listener.Start(backlog: 128);
    }

    /// <summary>The real one, if the configured one was 0.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Start() => new Thread(Accept) { IsBackground = true, Name = "peer accept" }.Start();

    public void Dispose()
    {
        _stopped = true;
        _listener.Dispose();
    }

    private void Accept()
    {
        while (!_stopped)
        {
            try
            {
                var socket = _listener.AcceptSocket();
                _handshakes.Wait();
                new Thread(() => Serve(socket)) { IsBackground = true, Name = "peer handshake" }.Start();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                if (_stopped) return;
                _options.Log.Warn("peer.accept", e.Message);
            }
        }
    }

    private void Serve(Socket socket)
    {
        var remote = (socket.RemoteEndPoint as IPEndPoint)?.ToString();
        Stream? stream = null;
        try
        {
            HostId? from;
            PeerHello hello;
            using (var deadline = new Deadline(socket, HelloWithin))
            {
                PeerSockets.Tune(socket);
                (from, stream) = Identify(socket);
                hello = deadline.Met(FirstLine.Read(stream));
            }

            Admit(from, hello, stream);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            _options.Log.Warn("peer.refused", e.Message, ("remote", remote));
            stream?.Dispose();
            socket.Dispose();
        }
        finally
        {
            _handshakes.Release();
        }
    }

    // Nobody is known on a plain connection.
    private (HostId? From, Stream Stream) Identify(Socket socket)
    {
        var first = new byte[1];
        if (_options.Plain && socket.Receive(first, SocketFlags.Peek) == 1 && first[0] == JsonBegins) return (null, new NetworkStream(socket, ownsSocket: true));
        return PeerSockets.Admit(socket, _options.Credentials.Current(), _options.Clock);
    }

    private void Admit(HostId? from, PeerHello hello, Stream stream)
    {
        switch (hello.Purpose)
        {
            case "control" when from is { } host:
                _options.Control(host, stream);
                return;
            case "memory":
                var source = _options.MemorySource(hello);
                if (source is null) throw new InvalidDataException($"{from} opens a memory stream for {hello.Migration} epoch {hello.Epoch}, which is not prepared here");
                if (from is not null && from != source) throw new InvalidDataException($"{from} opens a memory stream for {hello.Migration}, whose source is {source}");
                _options.Memory(hello, stream);
                return;
            default:
                throw new InvalidDataException($"{from} wants a link for '{hello.Purpose}'");
        }
    }
}
