using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Cluster.Tests.Given;

/// <summary>
/// The ledger outside the product: a UNIX datagram socket that running native guests tell every beat of their counter, in order. One
/// reader for all hosts, so what it saw is one sequence.
/// </summary>
public sealed class Witness : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Dictionary<string, List<Beat>> _beats = [];

    public Witness(string path)
    {
        Path = path;
        _socket.ReceiveBufferSize = 1 << 20;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        new Thread(Read) { IsBackground = true, Name = "witness" }.Start();
    }

    /// <param name="Epoch">Under which the guest ran.</param>
    /// <param name="Host">On which it ran.</param>
    /// <param name="Counter">In the guest's memory: grows by one a beat.</param>
    public sealed record Beat(long Epoch, string Host, long Counter);

    /// <summary>What is wrong with a guest's beats; all zero if nothing is.</summary>
    /// <param name="Beats">How many there were: a verdict over none says nothing.</param>
    /// <param name="DoubleWriters">A host or epoch spoke again after a later one had: two copies ran.</param>
    /// <param name="Gaps">Counters nobody told: writes were lost.</param>
    /// <param name="Rollbacks">Counters told twice: memory went back.</param>
    public sealed record Verdict(int Beats, int DoubleWriters, int Gaps, int Rollbacks)
    {
        public bool IsClean => DoubleWriters == 0 && Gaps == 0 && Rollbacks == 0;
    }

    public string Path { get; }

    public IReadOnlyList<Beat> Of(string vm)
    {
        lock (_beats) return _beats.TryGetValue(vm, out var beats) ? [.. beats] : [];
    }

    public Verdict Judge(string vm) => Judge(Of(vm));

    public static Verdict Judge(IReadOnlyList<Beat> beats)
    {
        var (doubles, gaps, rollbacks) = (0, 0, 0);
        var owners = new List<(long Epoch, string Host)>();
        for (var i = 0; i < beats.Count; i++)
        {
            var owner = (beats[i].Epoch, beats[i].Host);
            if (owners.Count == 0 || owners[^1] != owner)
            {
                if (owners.Contains(owner) || (owners.Count > 0 && owner.Epoch <= owners[^1].Epoch)) doubles++;
                owners.Add(owner);
            }

            if (i == 0) continue;
            if (beats[i].Counter > beats[i - 1].Counter + 1) gaps++;
            if (beats[i].Counter <= beats[i - 1].Counter) rollbacks++;
        }

        return new Verdict(beats.Count, doubles, gaps, rollbacks);
    }

    /// <summary>Waits until that guest has been heard on that host.</summary>
    public void Await(string vm, string host)
    {
        var until = DateTime.UtcNow + TimeSpan.FromSeconds(20);
        lock (_beats)
        {
            while (!(_beats.TryGetValue(vm, out var beats) && beats.Exists(beat => beat.Host == host)))
            {
                var left = until - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_beats, left)) Assert.Fail($"{vm} was not heard on {host}");
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
                var words = Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer)).Split(' ');
                lock (_beats)
                {
                    if (!_beats.TryGetValue(words[0], out var beats)) _beats.Add(words[0], beats = []);
                    beats.Add(new Beat(Number(words[1]), words[2], Number(words[3])));
                    Monitor.PulseAll(_beats);
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
