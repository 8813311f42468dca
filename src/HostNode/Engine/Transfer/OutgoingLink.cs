using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HostNode.Engine.Transfer;

/// <summary>All streams of one link. The first failure of any of them ends the link; a new one with a higher number may follow.</summary>
internal sealed class OutgoingLink : IDisposable
{
    private readonly object _gate = new();
    private readonly TimeSpan _stall;
    private readonly OutgoingStream?[] _streams;
    private IOException? _failure;
    private int _written;
    private int _acknowledged;
    private uint _round;
    private long _moves;
    private (FrameHeader Header, long Resent)? _end;
    private bool _tableWanted;
    private bool _tableComplete;
    private int _tablePages;
    private long _sent;

    public OutgoingLink(OutgoingOptions options, PageSource source, RateLimiter limiter)
    {
        Source = source;
        Limiter = limiter;
        _stall = options.Stall;
        _streams = new OutgoingStream[options.Streams];
    }

    public PageSource Source { get; }

    public RateLimiter Limiter { get; }

    public int StreamCount => _streams.Length;

    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Highest round the destination has seen, of any agent of this attempt.</summary>
    public uint LastRound { get; private set; }

    public TimeSpan RoundTrip { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Bytes of frames written on this link.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Opens all streams. <see cref="Fail"/> ends it from another thread.</summary>
    /// <param name="takeOver">The destination's counts come from an agent before us.</param>
    /// <exception cref="IOException">One of the streams could not be opened or was refused.</exception>
    public void Open(OutgoingOptions options, long number, bool takeOver, long memory, InFlight[] inFlight, Func<int, long, Stream> connect)
    {
        for (var i = 0; i < _streams.Length; i++)
        {
            var channel = new FrameChannel(connect(i, number), memory);
            var stream = new OutgoingStream(this, channel, inFlight[i], i);
            lock (_gate)
            {
                _streams[i] = stream;
                if (_failure is not null) stream.Close();
            }

            inFlight[i].Restart(Greet(channel, new StreamHello(options.Attempt, memory, i, _streams.Length, number)), takeOver);
        }

        foreach (var stream in _streams) stream!.Start();
    }

    /// <summary>Sends all that is owed on all streams; returns once it is written, acknowledged or not.</summary>
    public void SendRound(uint round)
    {
        lock (_gate) (_round, _written, _acknowledged, _end) = (round, 0, 0, null);
        foreach (var stream in _streams) stream!.SendRound(round);
        Await(() => _written == _streams.Length);
    }

    public void AwaitAcknowledgements() => Await(() => _acknowledged == _streams.Length);

    /// <summary>Asks the destination to compare digests. Does not wait for the round's acknowledgements first: one round trip for all.</summary>
    /// <returns>Bytes the destination received twice.</returns>
    /// <exception cref="WireException">They differ.</exception>
    public long End(uint round, FrameFlags flags, ulong digest)
    {
        _streams[0]!.Channel.Send(FrameType.End, flags, round, digest);
        Await(() => _end is not null);
        var (header, resent) = _end!.Value;
        if (header.Offset != digest || header.Round != round)
            throw new WireException(WireFault.DigestMismatch, $"source {PageHashTable.Text(digest)}, destination {PageHashTable.Text(header.Offset)}");
        return resent;
    }

    /// <summary>Fills the source's table with the destination's hashes.</summary>
    public void FetchTable()
    {
        lock (_gate) _tableWanted = true;
        _streams[0]!.Channel.Send(FrameType.TableRequest, FrameFlags.None, LastRound + 1, 0);
        Await(() => _tableComplete);
        if (_tablePages != Source.Table.Pages) throw new WireException(WireFault.Malformed, $"hashes of {_tablePages} pages instead of {Source.Table.Pages}");
    }

    public void Fail(IOException failure)
    {
        lock (_gate)
        {
            if (_failure is not null) return;
            _failure = failure;
            Monitor.PulseAll(_gate);
        }

        foreach (var stream in _streams) stream?.Close();
    }

    public void Dispose()
    {
        Fail(new IOException("closed"));
        foreach (var stream in _streams) stream?.Join();
    }

    internal void CountSent(int bytes)
    {
        Interlocked.Add(ref _sent, bytes);
        Interlocked.Increment(ref _moves);
    }

    internal void Moved() => Interlocked.Increment(ref _moves);

    internal void RoundWritten()
    {
        lock (_gate)
        {
            _written++;
            Monitor.PulseAll(_gate);
        }
    }

    internal void RoundAcknowledged(uint round)
    {
        lock (_gate)
        {
            if (round == _round) _acknowledged++;
            _moves++;
            Monitor.PulseAll(_gate);
        }
    }

    internal void EndAcknowledged(in FrameHeader header, long resent)
    {
        lock (_gate)
        {
            _end = (header, resent);
            Monitor.PulseAll(_gate);
        }
    }

    internal void TakeTable(in FrameHeader header, FrameChannel channel)
    {
        lock (_gate)
        {
            if (!_tableWanted || _tableComplete) throw new WireException(WireFault.OutOfOrder, "page hashes that nobody asked for");
        }

        var count = header.PayloadLength / sizeof(ulong);
        if (header.Offset != (ulong)_tablePages || count > Source.Table.Pages - _tablePages)
            throw new WireException(WireFault.OutOfRange, $"hashes of {count} pages at {header.Offset}");
        channel.ReadPayload(header, MemoryMarshal.AsBytes(Source.Table.Range(_tablePages, count)));
        _tablePages += count;
        lock (_gate)
        {
            _tableComplete = (header.Flags & FrameFlags.Last) != 0;
            _moves++;
            Monitor.PulseAll(_gate);
        }
    }

    private ulong Greet(FrameChannel channel, StreamHello hello)
    {
        var began = Stopwatch.GetTimestamp();
        channel.Send(FrameType.Hello, FrameFlags.None, 0, 0, hello.ToBytes());
        channel.LimitReads(_stall);
        var answer = channel.ReadHeader();
        channel.LimitReads(null);
        if (answer.Type == FrameType.Error) throw channel.ReadError(answer);
        if (answer.Type != FrameType.HelloAck || answer.PayloadLength != 0) throw new WireException(WireFault.OutOfOrder, $"{answer.Type} instead of HelloAck");
        var trip = Stopwatch.GetElapsedTime(began);
        if (trip < RoundTrip) RoundTrip = trip;
        LastRound = Math.Max(LastRound, answer.Round);
        return answer.Offset;
    }

    private void Await(Func<bool> reached)
    {
        lock (_gate)
        {
            var moves = Interlocked.Read(ref _moves);
            while (!reached())
            {
                if (_failure is not null) throw _failure;
                if (Monitor.Wait(_gate, _stall)) continue;
                var now = Interlocked.Read(ref _moves);
                if (now == moves) throw new IOException($"nothing moved on the memory link for {_stall.TotalSeconds:0} s");
                moves = now;
            }
        }
    }
}
