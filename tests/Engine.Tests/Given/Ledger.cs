using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Engine.Tests.Given;

/// <summary>A witness outside the product: collects what running guests say of their counter.</summary>
public sealed class Ledger : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static int s_number;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<Line> _lines = [];
    private readonly Thread _reader;

    public Ledger()
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"ledger-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");
        _socket.Bind(new UnixDomainSocketEndPoint(Path));
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    public sealed record Line(string Vm, long Epoch, string Host, ulong Counter);

    public string Path { get; }

    public IReadOnlyList<Line> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    /// <summary>The first line that is not the successor of the one before; null if all are.</summary>
    public string? FirstWrong()
    {
        var lines = Lines;
        for (var i = 1; i < lines.Count; i++)
        {
            if (lines[i].Counter != lines[i - 1].Counter + 1) return $"{lines[i - 1]} then {lines[i]}";
        }

        return null;
    }

    public void Await(Func<Line, bool> which)
    {
        lock (_lines)
        {
            while (!_lines.Exists(l => which(l)))
            {
                if (!Monitor.Wait(_lines, Patience)) throw new Xunit.Sdk.XunitException($"the ledger heard nothing for {Patience.TotalSeconds} s");
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }

    private void Read()
    {
        var buffer = new byte[256];
        try
        {
            while (true)
            {
                var parts = Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer)).Split(' ');
                lock (_lines)
                {
                    _lines.Add(new Line(parts[0], Number(parts[1]), parts[2], (ulong)Number(parts[3])));
                    Monitor.PulseAll(_lines);
                }
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
