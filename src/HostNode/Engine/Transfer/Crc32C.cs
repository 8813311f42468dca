using System.Numerics;
using System.Runtime.InteropServices;

namespace HostNode.Engine.Transfer;

/// <summary>CRC-32C (Castagnoli, RFC 3720), by the processor's own instruction. Detects every error of up to 32 bits in a row.</summary>
public static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>Checksum of what came before and this.</summary>
    public static uint Append(uint before, ReadOnlySpan<byte> data)
    {
        var crc = ~before;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
        foreach (var value in data[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
