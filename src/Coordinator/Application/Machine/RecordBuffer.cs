using System.Buffers;

namespace Coordinator.Application.Machine;

/// <summary>
/// Where many short records are written one after the other: they share chunks, which live as long as one of their records is used. An
/// array for each was a tenth of all that a busy node allocates.
/// </summary>
internal sealed class RecordBuffer : IBufferWriter<byte>
{
    private const int ChunkBytes = 32 * 1024;
    private const int RoomMin = 256;

    private byte[] chunk = new byte[ChunkBytes];
    private int start;
    private int end;

    /// <summary>What is written from here to <see cref="End"/> is one record.</summary>
    public void Begin() => start = end;

    public ReadOnlyMemory<byte> End() => chunk.AsMemory(start, end - start);

    public void Advance(int count) => end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return chunk.AsMemory(end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return chunk.AsSpan(end);
    }

    // The record in the making moves to the new chunk whole; the finished ones stay where they are.
    private void Ensure(int size)
    {
        if (chunk.Length - end >= Math.Max(size, RoomMin)) return;
        var begun = chunk.AsSpan(start, end - start);
        var next = new byte[Math.Max(ChunkBytes, 2 * (begun.Length + Math.Max(size, RoomMin)))];
        begun.CopyTo(next);
        (chunk, start, end) = (next, 0, begun.Length);
    }
}
