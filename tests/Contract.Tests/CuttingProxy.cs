using System.Net;
using System.Net.Sockets;

namespace Contract.Tests;

/// <summary>
/// Stands between a store or a bus and its server and can cut the line at the two moments that differ: before a statement has reached the server, and after
/// the server has done it but before its answer was heard.
/// </summary>
public sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private volatile int _cut;
    private int _silences;

    public CuttingProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    private enum Cut
    {
        None,
        Request,
        Answer,
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many lines were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>What the client says next is not heard by anyone.</summary>
    public void CutBeforeTheServerHears() => _cut = (int)Cut.Request;

    /// <summary>What the server answers next is not heard by anyone.</summary>
    public void CutBeforeTheAnswerIsHeard() => _cut = (int)Cut.Answer;

    /// <summary>Nothing more is heard on the lines that stand, in either direction, and nobody is told. New lines work.</summary>
    public void GoSilent() => Interlocked.Increment(ref _silences);

    public void Dispose() => _listener.Stop();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _target);
            near.NoDelay = far.NoDelay = true;
            var silences = Volatile.Read(ref _silences);
            await Task.WhenAny(CopyAsync(near, far, Cut.Request, silences), CopyAsync(far, near, Cut.Answer, silences));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One side is gone, so is the other.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, Cut mine, int silences)
    {
        var buffer = new byte[65_536];
        while (await from.GetStream().ReadAsync(buffer) is > 0 and var read)
        {
            if (Interlocked.CompareExchange(ref _cut, (int)Cut.None, (int)mine) == (int)mine)
            {
                Cuts++;
                return;
            }

            if (Volatile.Read(ref _silences) == silences) await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
