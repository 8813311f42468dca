using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Bench.Cluster;

/// <summary>A line to a server that can be cut the way networks are: nothing comes through any more, and nobody is told.</summary>
public sealed class LineCutter : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> open = new();
    private readonly int target;
    private TaskCompletionSource whole = Whole();

    public LineCutter(int target)
    {
        this.target = target;
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Cut() => whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lines work again; those that were there are gone, as after a restart of what stood between.</summary>
    public void Heal()
    {
        foreach (var client in open.Keys) client.Dispose();
        whole.TrySetResult();
    }

    public void Dispose()
    {
        listener.Stop();
        Heal();
    }

    private static TaskCompletionSource Whole()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient near)
    {
        using var far = new TcpClient();
        open[near] = true;
        try
        {
            await whole.Task;
            await far.ConnectAsync(IPAddress.Loopback, target);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // Either side is gone.
        }
        finally
        {
            open.TryRemove(near, out _);
            near.Dispose();
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[65_536];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var read)
            {
                await whole.Task;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side is gone.
        }
    }
}
