using System.Buffers.Binary;
using System.Numerics;
using Coordinator.Shared.Integrity;
using HostNode.Engine.DirtyTracking;

namespace HostNode.Engine.Transfer;

/// <summary>
/// The 48 bytes before each payload, little endian:
/// type u16 · flags u16 · header length u16 · region u16 · round u32 · payload length u32 · offset u64 · page mask u64 · zero mask u64 ·
/// payload CRC-32C u32 · header CRC-32C u32 (over the 44 bytes before it).
/// </summary>
/// <param name="Offset">With <see cref="FrameType.Pages"/>: byte offset of the chunk in guest memory. Otherwise a count, see the type.</param>
/// <param name="PageMask">Pages of the chunk that are in the payload, in order.</param>
/// <param name="ZeroMask">Pages of the chunk that are all zero and not in the payload.</param>
public readonly record struct FrameHeader(
    FrameType Type, FrameFlags Flags, uint Round, int PayloadLength, ulong Offset, ulong PageMask, ulong ZeroMask, uint PayloadCrc)
{
    public const int Length = 48;

    /// <summary>No payload is longer: what a receiver must hold for one frame is bounded.</summary>
    public const int PayloadMax = PageBitmap.ChunkSize;

    private const int CrcAt = 44;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)Type);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Round);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], (uint)PayloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], PageMask);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], ZeroMask);
        BinaryPrimitives.WriteUInt32LittleEndian(target[40..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcAt..], Crc32C.Of(target[..CrcAt]));
    }

    /// <summary>Reads what came from the wire. Nothing in it is used before all of it was checked.</summary>
    /// <param name="source">Exactly <see cref="Length"/> bytes.</param>
    /// <param name="memoryLength">Guest memory in bytes: no page outside is accepted.</param>
    /// <exception cref="WireException">The first thing that is wrong.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source, long memoryLength)
    {
        if (source.Length != Length) throw new WireException(WireFault.Malformed, $"a header of {source.Length} bytes");
        if (BinaryPrimitives.ReadUInt32LittleEndian(source[CrcAt..]) != Crc32C.Of(source[..CrcAt]))
            throw new WireException(WireFault.Corrupt, "the checksum of a frame header is wrong");
        var header = new FrameHeader(
            (FrameType)BinaryPrimitives.ReadUInt16LittleEndian(source),
            (FrameFlags)BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(source[12..]), int.MaxValue),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[40..]));
        var headerLength = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        var region = BinaryPrimitives.ReadUInt16LittleEndian(source[6..]);
        if (headerLength != Length || region != 0) throw new WireException(WireFault.Unsupported, $"header length {headerLength}, region {region}");
        header.Validate(memoryLength);
        return header;
    }

    private void Validate(long memoryLength)
    {
        if (!Enum.IsDefined(Type)) throw new WireException(WireFault.Unsupported, $"frame type {(int)Type}");
        if ((Flags & ~FrameFlags.All) != 0) throw new WireException(WireFault.Unsupported, $"frame flags {(int)Flags:x}");
        if (PayloadLength > PayloadMax) throw new WireException(WireFault.Malformed, $"a payload of {(uint)PayloadLength} bytes");
        if (Type == FrameType.Pages) ValidatePages(memoryLength);
        else if ((PageMask | ZeroMask) != 0) throw new WireException(WireFault.Malformed, $"page masks in a frame of type {Type}");
    }

    private void ValidatePages(long memoryLength)
    {
        if (Offset % PageBitmap.ChunkSize != 0 || Offset >= (ulong)memoryLength)
            throw new WireException(WireFault.OutOfRange, $"a chunk at {Offset} of {memoryLength} bytes of memory");
        var valid = PageBitmap.ValidPages((int)(Offset / PageBitmap.ChunkSize), memoryLength / PageBitmap.PageSize);
        if (((PageMask | ZeroMask) & ~valid) != 0) throw new WireException(WireFault.OutOfRange, $"pages behind the end of memory in the chunk at {Offset}");
        if ((PageMask & ZeroMask) != 0) throw new WireException(WireFault.Malformed, "a page is both sent and zero");
        if (PayloadLength != BitOperations.PopCount(PageMask) * PageBitmap.PageSize)
            throw new WireException(WireFault.Malformed, $"{PayloadLength} bytes for {BitOperations.PopCount(PageMask)} pages");
    }
}
