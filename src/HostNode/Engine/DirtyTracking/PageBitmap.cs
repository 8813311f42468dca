using System.Numerics;
using HostNode.Engine.Linux;

namespace HostNode.Engine.DirtyTracking;

/// <summary>
/// One bit a 4 KiB page over memory that several processes share. A word of 64 pages is a chunk (256 KiB), the unit of the transfer.
/// Every change is one locked instruction, so guest threads, senders and acknowledgements need no lock.
/// </summary>
public sealed class PageBitmap
{
    public const int PageSize = 4096;
    public const int PagesPerChunk = 64;
    public const int ChunkSize = PageSize * PagesPerChunk;

    private readonly MemoryFile _file;

    /// <param name="file">At least <see cref="FileLength"/> bytes.</param>
    /// <param name="memoryLength">Guest memory in bytes.</param>
    public PageBitmap(MemoryFile file, long memoryLength)
    {
        if (file.Length < FileLength(memoryLength)) throw new ArgumentException("the bitmap is too small for this memory", nameof(file));
        _file = file;
        Pages = memoryLength / PageSize;
        Chunks = (int)((Pages + PagesPerChunk - 1) / PagesPerChunk);
    }

    public long Pages { get; }

    public int Chunks { get; }

    /// <summary>Bytes of a file that holds the bitmap of that much memory.</summary>
    public static long FileLength(long memoryLength)
    {
        var bytes = (memoryLength / PageSize / 8) + 8;
        return (bytes + PageSize - 1) / PageSize * PageSize;
    }

    /// <summary>Bits of a chunk now.</summary>
    public ulong Chunk(int chunk) => Volatile.Read(ref Word(chunk));

    public void Set(long page) => Interlocked.Or(ref Word((int)(page / PagesPerChunk)), 1UL << (int)(page % PagesPerChunk));

    public void Or(int chunk, ulong mask) => Interlocked.Or(ref Word(chunk), mask & Valid(chunk));

    public void Clear(int chunk, ulong mask) => Interlocked.And(ref Word(chunk), ~mask);

    /// <summary>Takes all bits of a chunk.</summary>
    public ulong Take(int chunk) => Interlocked.Exchange(ref Word(chunk), 0);

    public void SetRange(long first, long count)
    {
        var end = Math.Min(first + count, Pages);
        while (first < end)
        {
            var chunk = (int)(first / PagesPerChunk);
            var from = (int)(first % PagesPerChunk);
            var length = (int)Math.Min(PagesPerChunk - from, end - first);
            Interlocked.Or(ref Word(chunk), (length == PagesPerChunk ? ulong.MaxValue : (1UL << length) - 1) << from);
            first += length;
        }
    }

    public void ClearAll()
    {
        for (var chunk = 0; chunk < Chunks; chunk++) Interlocked.Exchange(ref Word(chunk), 0);
    }

    /// <summary>Pages set; a moving figure while others write.</summary>
    public long Count()
    {
        var pages = 0L;
        for (var chunk = 0; chunk < Chunks; chunk++) pages += BitOperations.PopCount(Chunk(chunk));
        return pages;
    }

    /// <summary>Bits of a chunk that stand for memory: all but in the last chunk of an odd size.</summary>
    public ulong Valid(int chunk) => ValidPages(chunk, Pages);

    /// <inheritdoc cref="Valid"/>
    public static ulong ValidPages(int chunk, long pages)
    {
        var rest = pages - ((long)chunk * PagesPerChunk);
        return rest >= PagesPerChunk ? ulong.MaxValue : rest <= 0 ? 0 : (1UL << (int)rest) - 1;
    }

    private ref ulong Word(int chunk) => ref _file.Words((long)chunk * sizeof(ulong), 1)[0];
}
