using System.Runtime.InteropServices;
using HostNode.Engine.DirtyTracking;

namespace HostNode.Engine.Transfer;

/// <summary>
/// xxHash64 of every page: at the source of what was sent last, at the destination of what was received last. Kept up to date on both
/// sides, so that a digest over it at switchover costs about 0.2 ms/GiB instead of hashing all memory in the blackout.
/// Memory starts out zero on both sides, and so does the table.
/// </summary>
public sealed class PageHashTable
{
    /// <summary>Hash of a page of zeros.</summary>
    public static readonly ulong OfZero = XxHash64.Of(new byte[PageBitmap.PageSize]);

    private const int PagesPerSegment = 1 << 20;

    private readonly ulong[] _hashes;

    public PageHashTable(long memoryLength)
    {
        _hashes = new ulong[memoryLength / PageBitmap.PageSize];
        Array.Fill(_hashes, OfZero);
    }

    public int Pages => _hashes.Length;

    public ulong this[long page]
    {
        get => _hashes[page];
        set => _hashes[page] = value;
    }

    public Span<ulong> Range(int first, int count) => _hashes.AsSpan(first, count);

    /// <summary>One number for all memory. Allocates nothing.</summary>
    public ulong Digest()
    {
        var digest = (ulong)_hashes.Length;
        for (var first = 0; first < _hashes.Length; first += PagesPerSegment)
        {
            var segment = _hashes.AsSpan(first, Math.Min(PagesPerSegment, _hashes.Length - first));
            digest = XxHash64.Of(MemoryMarshal.AsBytes(segment), digest);
        }

        return digest;
    }

    /// <summary>How a digest is written where people and journals see it.</summary>
    public static string Text(ulong digest) => digest.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
