using System.Numerics;
using Coordinator.Shared.Integrity;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.Engine.Transfer;

/// <summary>The source's memory as frames: zero test, copy, hash, checksum. Shared by the streams, each with its own chunks.</summary>
public sealed class PageSource(GuestMemory guest)
{
    // Pages that were ever in a frame. A zero page that never was needs none: the destination's memory began as zeros.
    private readonly ulong[] _everSent = new ulong[guest.Owed.Chunks];

    public PageHashTable Table { get; } = new(guest.Memory.Length);

    public PageBitmap Owed => guest.Owed;

    /// <summary>
    /// Puts pages of a chunk into a frame. A live page is copied first and then hashed: the guest may change it in between, and a
    /// frame must agree with itself.
    /// </summary>
    /// <param name="frame">Room for a header and a whole chunk.</param>
    /// <param name="length">Bytes of the frame; 0 if nothing needs sending.</param>
    /// <returns>Pages that are in the frame; the others of <paramref name="mask"/> are known to be right at the destination.</returns>
    public ulong Build(int chunk, ulong mask, uint round, Span<byte> frame, out int length)
    {
        var payload = frame[FrameHeader.Length..];
        var filled = 0;
        ulong pages = 0, zeros = 0;
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var bit = BitOperations.TrailingZeroCount(rest);
            var page = ((long)chunk * PageBitmap.PagesPerChunk) + bit;
            var copy = payload.Slice(filled, PageBitmap.PageSize);
            guest.Memory.Bytes(page * PageBitmap.PageSize, PageBitmap.PageSize).CopyTo(copy);
            if (copy.ContainsAnyExcept((byte)0))
            {
                pages |= 1UL << bit;
                filled += PageBitmap.PageSize;
                Table[page] = XxHash64.Of(copy);
            }
            else if ((_everSent[chunk] & (1UL << bit)) != 0)
            {
                zeros |= 1UL << bit;
                Table[page] = PageHashTable.OfZero;
            }
        }

        length = (pages | zeros) == 0 ? 0 : FrameHeader.Length + filled;
        if (length == 0) return 0;
        _everSent[chunk] |= pages | zeros;
        var header = new FrameHeader(
            FrameType.Pages, FrameFlags.None, round, filled, (ulong)chunk * PageBitmap.ChunkSize, pages, zeros, Crc32C.Of(payload[..filled]));
        header.Write(frame);
        return pages | zeros;
    }

    /// <summary>Owes everything that was ever written: the first round.</summary>
    public void OweAllData()
    {
        Owed.ClearAll();
        for (var from = 0L; guest.Memory.NextData(from, out var start, out var end); from = end)
            Owed.SetRange(start / PageBitmap.PageSize, (end - start + PageBitmap.PageSize - 1) / PageBitmap.PageSize);
    }

    /// <summary>
    /// Owes every page whose content is not the one in the table (just filled with the destination's). For an agent that took over:
    /// the bitmap of the one before may lack what it had harvested and not yet noted. Tracking must be armed before.
    /// </summary>
    /// <returns>Bytes owed.</returns>
    public long OweDifferences()
    {
        var owed = 0L;
        Owed.ClearAll();
        for (var page = 0; page < Table.Pages; page++)
        {
            if (Table[page] != PageHashTable.OfZero) _everSent[page / PageBitmap.PagesPerChunk] |= 1UL << (page % PageBitmap.PagesPerChunk);
        }

        var next = 0L;
        for (var from = 0L; guest.Memory.NextData(from, out var start, out var end); from = end)
        {
            owed += OweUnless(next, start / PageBitmap.PageSize, hole: true) + OweUnless(start / PageBitmap.PageSize, end / PageBitmap.PageSize, hole: false);
            next = end / PageBitmap.PageSize;
        }

        return (owed + OweUnless(next, Table.Pages, hole: true)) * PageBitmap.PageSize;
    }

    /// <summary>Pages whose content now is not what the table says was sent. With the guest stopped anything but 0 is a lost write.</summary>
    public long CountDifferences()
    {
        var wrong = 0L;
        for (var from = 0L; guest.Memory.NextData(from, out var start, out var end); from = end)
        {
            for (var page = start / PageBitmap.PageSize; page < end / PageBitmap.PageSize; page++)
            {
                if (HashOf(guest.Memory, page) != Table[page]) wrong++;
            }
        }

        return wrong;
    }

    internal static ulong HashOf(MemoryFile memory, long page) => XxHash64.Of(memory.Bytes(page * PageBitmap.PageSize, PageBitmap.PageSize));

    private long OweUnless(long first, long end, bool hole)
    {
        var owed = 0L;
        for (var page = first; page < end; page++)
        {
            if (Table[page] == (hole ? PageHashTable.OfZero : HashOf(guest.Memory, page))) continue;
            Owed.Set(page);
            owed++;
        }

        return owed;
    }
}
