using HostNode.Engine.DirtyTracking;

namespace HostNode.Engine.Transfer;

/// <summary>
/// One stream of a link: a thread that sends and a thread that reads answers. A chunk always takes the same stream (index mod
/// streams), so a late old copy can never overwrite a newer one.
/// </summary>
internal sealed class OutgoingStream
{
    private static readonly TimeSpan LastWordMax = TimeSpan.FromMilliseconds(100);

    private readonly OutgoingLink _link;
    private readonly FrameChannel _channel;
    private readonly InFlight _inFlight;
    private readonly int _index;
    private readonly byte[] _frame = new byte[FrameHeader.Length + FrameHeader.PayloadMax];
    private readonly object _gate = new();
    private readonly Func<bool> _isOver;
    private readonly Thread _sender;
    private readonly Thread _reader;
    private uint _round;
    private bool _wanted;
    private bool _closed;
    private bool _started;

    public OutgoingStream(OutgoingLink link, FrameChannel channel, InFlight inFlight, int index)
    {
        (_link, _channel, _inFlight, _index) = (link, channel, inFlight, index);
        _isOver = () => _link.HasFailed;
        _sender = new Thread(SendLoop) { IsBackground = true, Name = $"memory-send-{index}" };
        _reader = new Thread(ReadLoop) { IsBackground = true, Name = $"memory-acks-{index}" };
    }

    public FrameChannel Channel => _channel;

    public void Start()
    {
        _started = true;
        _sender.Start();
        _reader.Start();
    }

    /// <summary>Sends what is owed of this stream's chunks, then the end of the round; tells the link when all is written.</summary>
    public void SendRound(uint round)
    {
        lock (_gate)
        {
            _round = round;
            _wanted = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Close()
    {
        _channel.Dispose();
        _inFlight.End();
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Join()
    {
        if (!_started) return;
        _sender.Join();
        _reader.Join();
    }

    private void SendLoop()
    {
        try
        {
            while (NextRound() is { } round)
            {
                SendOwed(round);
                _channel.Send(FrameType.RoundEnd, FrameFlags.None, round, 0);
                _link.RoundWritten();
            }
        }
        catch (IOException broken)
        {
            // A destination that refuses says why before it hangs up: the reader has its word, which is the better reason.
            _reader.Join(LastWordMax);
            _link.Fail(broken);
        }
    }

    private uint? NextRound()
    {
        lock (_gate)
        {
            while (!_wanted && !_closed) Monitor.Wait(_gate);
            _wanted = false;
            return _closed ? null : _round;
        }
    }

    private void SendOwed(uint round)
    {
        var owed = _link.Source.Owed;
        for (var chunk = _index; chunk < owed.Chunks; chunk += _link.StreamCount)
        {
            var mask = owed.Chunk(chunk);
            if (mask == 0) continue;
            var inFrame = _link.Source.Build(chunk, mask, round, _frame, out var length);
            if (inFrame != mask) owed.Clear(chunk, mask & ~inFrame);
            if (length == 0) continue;
            _link.Limiter.Take(length, _isOver);
            _inFlight.Add(chunk, inFrame, length);
            _channel.Send(_frame.AsSpan(0, length));
            _link.CountSent(length);
        }
    }

    private void ReadLoop()
    {
        try
        {
            while (true) Handle(_channel.ReadHeader());
        }
        catch (IOException broken)
        {
            _link.Fail(broken);
        }
    }

    private void Handle(FrameHeader header)
    {
        switch (header.Type)
        {
            case FrameType.Ack:
                _inFlight.Acknowledge(header.Offset);
                _link.Moved();
                break;
            case FrameType.RoundAck:
                _inFlight.Acknowledge(header.Offset);
                _link.RoundAcknowledged(header.Round);
                break;
            case FrameType.EndAck:
                Span<byte> resent = stackalloc byte[sizeof(ulong)];
                _channel.ReadPayload(header, resent);
                _link.EndAcknowledged(header, BitConverter.ToInt64(resent));
                break;
            case FrameType.Table:
                _link.TakeTable(header, _channel);
                break;
            case FrameType.Error:
                throw _channel.ReadError(header);
            default:
                throw new WireException(WireFault.OutOfOrder, $"{header.Type} from a destination");
        }
    }
}
