using System.Diagnostics;
using System.Runtime.InteropServices;
using Coordinator.Shared.Integrity;

namespace HostNode.Engine.Transfer;

/// <summary>One admitted stream at the destination, served by one thread.</summary>
internal sealed class IncomingStream(IncomingTransfer transfer, FrameChannel channel, int index, long link)
{
    private const int FramesPerAck = 16;
    private static readonly TimeSpan AckEvery = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _staging = new byte[FrameHeader.PayloadMax];
    private ulong _acknowledged;
    private long _lastAck;
    private volatile bool _closed;

    public int Index => index;

    public long Link => link;

    public bool IsClosed => _closed;

    public void Close()
    {
        _closed = true;
        channel.Dispose();
    }

    /// <summary>Until the stream ends or is refused.</summary>
    public void Run()
    {
        _acknowledged = transfer.Sink.Received(index);
        channel.Send(FrameType.HelloAck, FrameFlags.None, transfer.Sink.LastRound, _acknowledged);
        while (!_closed) Handle(channel.ReadHeader());
    }

    private void Handle(FrameHeader header)
    {
        switch (header.Type)
        {
            case FrameType.Pages:
                if (transfer.LoadedDigest is not null) throw new WireException(WireFault.OutOfOrder, "pages after the end");
                transfer.Sink.Receive(channel, header, index, _staging);
                Acknowledge();
                break;
            case FrameType.RoundEnd:
                transfer.Sink.SawRound(header.Round);
                transfer.RoundEnded(index, header.Round);
                _acknowledged = transfer.Sink.Received(index);
                channel.Send(FrameType.RoundAck, FrameFlags.None, header.Round, _acknowledged);
                break;
            case FrameType.End:
                transfer.End(this, header);
                channel.Send(FrameType.EndAck, header.Flags, header.Round, header.Offset, BitConverter.GetBytes(transfer.Resent));
                break;
            case FrameType.TableRequest:
                transfer.Sink.TakeOverFrom(header.Round);
                SendTable();
                break;
            case FrameType.Error:
                throw channel.ReadError(header);
            default:
                throw new WireException(WireFault.OutOfOrder, $"{header.Type} from a source");
        }
    }

    private void Acknowledge()
    {
        var received = transfer.Sink.Received(index);
        if (received - _acknowledged < FramesPerAck && Stopwatch.GetElapsedTime(_lastAck) < AckEvery) return;
        _acknowledged = received;
        _lastAck = Stopwatch.GetTimestamp();
        channel.Send(FrameType.Ack, FrameFlags.None, 0, received);
    }

    private void SendTable()
    {
        const int hashesPerFrame = FrameHeader.PayloadMax / sizeof(ulong);
        var table = transfer.Sink.Table;
        var frame = new byte[FrameHeader.Length + FrameHeader.PayloadMax];
        for (var first = 0; first < table.Pages; first += hashesPerFrame)
        {
            var count = Math.Min(hashesPerFrame, table.Pages - first);
            var payload = frame.AsSpan(FrameHeader.Length, count * sizeof(ulong));
            MemoryMarshal.AsBytes(table.Range(first, count)).CopyTo(payload);
            var flags = first + count == table.Pages ? FrameFlags.Last : FrameFlags.None;
            new FrameHeader(FrameType.Table, flags, 0, payload.Length, (ulong)first, 0, 0, Crc32C.Of(payload)).Write(frame);
            channel.Send(frame.AsSpan(0, FrameHeader.Length + payload.Length));
        }
    }
}
