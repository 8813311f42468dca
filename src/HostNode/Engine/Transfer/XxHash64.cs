using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HostNode.Engine.Transfer;

/// <summary>
/// xxHash64 as published by Yann Collet (xxhash_spec.md): fast, not cryptographic. Used to compare pages, never against an attacker:
/// the links between hosts are authenticated and encrypted.
/// </summary>
public static class XxHash64
{
    private const ulong P1 = 0x9E3779B185EBCA87;
    private const ulong P2 = 0xC2B2AE3D27D4EB4F;
    private const ulong P3 = 0x165667B19E3779F9;
    private const ulong P4 = 0x85EBCA77C2B2AE63;
    private const ulong P5 = 0x27D4EB2F165667C5;
    private const int Stripe = 32;

    public static ulong Of(ReadOnlySpan<byte> data, ulong seed = 0)
    {
        var hash = data.Length >= Stripe ? Stripes(data, seed) : seed + P5;
        hash += (ulong)data.Length;
        return Avalanche(Tail(data[(data.Length / Stripe * Stripe)..], hash));
    }

    // Compiled at full strength from the first call: a short transfer would be over before the runtime noticed that this is hot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Stripes(ReadOnlySpan<byte> data, ulong seed)
    {
        var (a, b, c, d) = (seed + P1 + P2, seed + P2, seed, seed - P1);
        var words = MemoryMarshal.Cast<byte, ulong>(data[..(data.Length / Stripe * Stripe)]);
        for (var i = 0; i <= words.Length - 4; i += 4)
        {
            a = Round(a, words[i]);
            b = Round(b, words[i + 1]);
            c = Round(c, words[i + 2]);
            d = Round(d, words[i + 3]);
        }

        var hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        return Merge(Merge(Merge(Merge(hash, a), b), c), d);
    }

    private static ulong Tail(ReadOnlySpan<byte> rest, ulong hash)
    {
        for (; rest.Length >= 8; rest = rest[8..])
            hash = (BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * P1) + P4;
        if (rest.Length >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * P1), 23) * P2) + P3;
            rest = rest[4..];
        }

        foreach (var value in rest) hash = BitOperations.RotateLeft(hash ^ (value * P5), 11) * P1;
        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong accumulator, ulong input) => BitOperations.RotateLeft(accumulator + (input * P2), 31) * P1;

    private static ulong Merge(ulong hash, ulong accumulator) => ((hash ^ Round(0, accumulator)) * P1) + P4;

    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * P2;
        hash = (hash ^ (hash >> 29)) * P3;
        return hash ^ (hash >> 32);
    }
}
