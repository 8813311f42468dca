using System.Numerics;
using Coordinator.Shared.Integrity;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;

namespace HostNode.Engine.Transfer;

/// <summary>The destination's memory: takes checked chunks, keeps the hash of every page and counts what came twice. Shared by the streams.</summary>
internal sealed class PageSink(GuestMemory guest)
{
    // The round in which a page came last: twice in the same one means it was sent again without having changed in between.
    private readonly uint[] _roundOf = new uint[guest.Memory.Length / PageBitmap.PageSize];
    private readonly ulong[] _received = new ulong[StreamHello.StreamsMax];
    private long _resent;
    private uint _lastRound;
    private uint _takeOverRound;

    // More pieces than this are received in one go and copied: a read a page costs more than the copy.
    private const int PiecesMax = 4;

    public PageHashTable Table { get; } = new(guest.Memory.Length);

    public long Resent => Interlocked.Read(ref _resent);

    public uint LastRound => Volatile.Read(ref _lastRound);

    /// <summary>Frames received on a stream, through all links.</summary>
    public ulong Received(int stream) => Volatile.Read(ref _received[stream]);

    /// <summary>From this round on another agent of the source sends, going by content: there, the same content again counts as sent twice.</summary>
    public void TakeOverFrom(uint round) => _takeOverRound = round;

    /// <summary>Receives one Pages frame. The header was checked against the memory's size.</summary>
    /// <param name="staging">Room for a whole chunk.</param>
    /// <exception cref="WireException">The checksum is wrong: nothing of it counts as received.</exception>
    public void Receive(FrameChannel channel, in FrameHeader header, int stream, Span<byte> staging)
    {
        var mask = header.PageMask;
        var pieces = BitOperations.PopCount(mask & ~(mask << 1));
        if (pieces <= PiecesMax) ReceiveInPlace(channel, header);
        else ReceiveAndCopy(channel, header, staging[..header.PayloadLength]);
        for (var rest = header.ZeroMask; rest != 0; rest &= rest - 1) Page(header, BitOperations.TrailingZeroCount(rest)).Clear();
        Note(header);
        SawRound(header.Round);
        Volatile.Write(ref _received[stream], _received[stream] + 1);
    }

    /// <summary>From the first page on: an agent that takes over in the middle of a round must begin a new one.</summary>
    public void SawRound(uint round)
    {
        if (round > LastRound) Volatile.Write(ref _lastRound, round);
    }

    /// <summary>Pages whose content is not the one in the table. Only between rounds.</summary>
    public long CountDifferences()
    {
        var wrong = 0L;
        for (var page = 0L; page < Table.Pages; page++)
        {
            if (PageSource.HashOf(guest.Memory, page) != Table[page]) wrong++;
        }

        return wrong;
    }

    // A corrupt payload leaves rubbish behind, but its frame stays unacknowledged and its pages owed, and nothing runs here before the digest.
    private void ReceiveInPlace(FrameChannel channel, in FrameHeader header)
    {
        var crc = 0u;
        for (var rest = header.PageMask; rest != 0;)
        {
            var first = BitOperations.TrailingZeroCount(rest);
            var count = BitOperations.TrailingZeroCount(~(rest >> first));
            var piece = guest.Memory.Bytes((long)header.Offset + (first * PageBitmap.PageSize), count * PageBitmap.PageSize);
            channel.Read(piece);
            crc = Crc32C.Append(crc, piece);
            rest = first + count == PageBitmap.PagesPerChunk ? 0 : rest >> (first + count) << (first + count);
        }

        if (crc != header.PayloadCrc) throw new WireException(WireFault.Corrupt, $"the checksum of the chunk at {header.Offset} is wrong");
    }

    private void ReceiveAndCopy(FrameChannel channel, in FrameHeader header, Span<byte> staging)
    {
        channel.ReadPayload(header, staging);
        for (var rest = header.PageMask; rest != 0; rest &= rest - 1)
        {
            staging[..PageBitmap.PageSize].CopyTo(Page(header, BitOperations.TrailingZeroCount(rest)));
            staging = staging[PageBitmap.PageSize..];
        }
    }

    private void Note(in FrameHeader header)
    {
        for (var rest = header.PageMask | header.ZeroMask; rest != 0; rest &= rest - 1)
        {
            var bit = BitOperations.TrailingZeroCount(rest);
            var page = ((long)header.Offset / PageBitmap.PageSize) + bit;
            var hash = (header.ZeroMask & (1UL << bit)) != 0 ? PageHashTable.OfZero : XxHash64.Of(Page(header, bit));
            if (_roundOf[page] == header.Round || (header.Round == _takeOverRound && Table[page] == hash)) Interlocked.Add(ref _resent, PageBitmap.PageSize);
            _roundOf[page] = header.Round;
            Table[page] = hash;
        }
    }

    private Span<byte> Page(in FrameHeader header, int bit) =>
        guest.Memory.Bytes((long)header.Offset + (bit * PageBitmap.PageSize), PageBitmap.PageSize);
}
