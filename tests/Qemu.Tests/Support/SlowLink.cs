using System.Net;
using System.Net.Sockets;

namespace Qemu.Tests.Support;

/// <summary>
/// A line between two hosts, as a relay on loopback: so many bytes a second towards the destination, and it can stand still in both directions
/// without a reset, as a pulled cable does. For tests that need a phase to last, without root.
/// </summary>
internal sealed class SlowLink : IAsyncDisposable
{
    private const int Chunk = 16 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _flows = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _returns = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytesPerSecond;

    /// <param name="bytesPerSecond">Null is as fast as it goes.</param>
    public SlowLink(int targetPort, long? bytesPerSecond)
    {
        _target = targetPort;
        _bytesPerSecond = bytesPerSecond ?? long.MaxValue;
        Heal();
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From now on.</summary>
    public void Limit(long bytesPerSecond) => Volatile.Write(ref _bytesPerSecond, bytesPerSecond);

    /// <summary>Both directions stand still.</summary>
    public void Cut()
    {
        _flows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CutReturn();
    }

    /// <summary>Everything arrives, but no word of it comes back.</summary>
    public void CutReturn() => _returns = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Heal()
    {
        _flows.TrySetResult();
        _returns.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Heal();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var source = await _listener.AcceptTcpClientAsync(_stop.Token);
                using var destination = new TcpClient();
                await destination.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                // Small buffers: what stands in them counts as delivered for the sender.
                source.ReceiveBufferSize = destination.SendBufferSize = 64 * 1024;
                await Task.WhenAny(PumpAsync(source, destination, forward: true), PumpAsync(destination, source, forward: false));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidOperationException or IOException)
        {
            // The test is over, or the destination is gone: the source's connection ends with this.
        }
    }

    private Task Open(bool forward) => (forward ? _flows : _returns).Task;

    private async Task PumpAsync(TcpClient from, TcpClient to, bool forward)
    {
        try
        {
            var buffer = new byte[Chunk];
            var owed = TimeSpan.Zero;
            while (true)
            {
                await Open(forward).WaitAsync(_stop.Token);
                var read = await from.GetStream().ReadAsync(buffer, _stop.Token);
                if (read == 0) return;
                await Open(forward).WaitAsync(_stop.Token);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
                var rate = Volatile.Read(ref _bytesPerSecond);
                if (!forward || rate == long.MaxValue) continue;
                owed += TimeSpan.FromSeconds((double)read / rate);
                if (owed < TimeSpan.FromMilliseconds(5)) continue;
                var before = System.Diagnostics.Stopwatch.GetTimestamp();
                await Task.Delay(owed, _stop.Token);
                owed -= System.Diagnostics.Stopwatch.GetElapsedTime(before);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has left: the pair ends.
        }
    }
}
