using System.Buffers.Binary;
using System.Text;

namespace HostNode.Engine.Transfer;

/// <summary>
/// Payload of Hello (104 bytes): magic u32 "CMEM" · major u16 · minor u16 · features u64 (bits below 32 are required, above optional) ·
/// memory u64 · page size u32 · hash kind u16 (1 = xxHash64) · streams u16 · stream u16 · reserved u16+u32 · link u64 · attempt 48 bytes
/// of ASCII, zero padded · reserved u64.
/// </summary>
/// <param name="Attempt">Migration id: both ends must mean the same attempt.</param>
public sealed record StreamHello(string Attempt, long Memory, int Stream, int Streams, long Link)
{
    public const int Length = 104;
    public const int StreamsMax = 16;

    private const uint Magic = 0x4D454D43;
    private const ushort Major = 1;
    private const ulong KnownFeatures = 0;
    private const ushort HashXx64 = 1;
    private const int AttemptMax = 48;

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        var at = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(at, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(at[4..], Major);
        BinaryPrimitives.WriteUInt64LittleEndian(at[16..], (ulong)Memory);
        BinaryPrimitives.WriteUInt32LittleEndian(at[24..], 4096);
        BinaryPrimitives.WriteUInt16LittleEndian(at[28..], HashXx64);
        BinaryPrimitives.WriteUInt16LittleEndian(at[30..], (ushort)Streams);
        BinaryPrimitives.WriteUInt16LittleEndian(at[32..], (ushort)Stream);
        BinaryPrimitives.WriteInt64LittleEndian(at[40..], Link);
        Encoding.ASCII.GetBytes(Attempt, at.Slice(48, AttemptMax));
        return bytes;
    }

    /// <exception cref="WireException">Not ours, or of a version that needs more than we know.</exception>
    public static StreamHello Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            throw new WireException(WireFault.Malformed, "not a memory stream");
        var major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        var required = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) & uint.MaxValue & ~KnownFeatures;
        var pageSize = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        var hash = BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]);
        if (major != Major || required != 0 || pageSize != 4096 || hash != HashXx64)
            throw new WireException(WireFault.Unsupported, $"version {major}, features {required:x}, page size {pageSize}, hash {hash}");
        var hello = new StreamHello(
            Encoding.ASCII.GetString(bytes.Slice(48, AttemptMax)).TrimEnd('\0'),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[30..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));
        if (hello.Streams is < 1 or > StreamsMax || hello.Stream >= hello.Streams)
            throw new WireException(WireFault.Malformed, $"stream {hello.Stream} of {hello.Streams}");
        return hello;
    }
}
