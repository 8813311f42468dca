using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Coordinator.Shared.Identity;

/// <summary>
/// What was read last from short pieces of UTF-8, found by their bytes: a log repeats the same few names and bodies for ever, and comparing
/// is far cheaper than reading again. A fixed number of places; a newcomer takes the place of what was there. Any thread.
/// </summary>
public sealed class KnownBytes<T>(int places)
{
    /// <summary>Longer pieces are never kept.</summary>
    public const int LengthMax = 64;

    private readonly Known?[] known = new Known?[places];

    public bool TryFind(ReadOnlySpan<byte> utf8, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (utf8.Length is 0 or > LengthMax || Volatile.Read(ref Place(utf8)) is not { } seen || !utf8.SequenceEqual(seen.Utf8)) return false;
        value = seen.Value;
        return true;
    }

    public void Keep(ReadOnlySpan<byte> utf8, T value)
    {
        if (utf8.Length is not 0 and <= LengthMax) Volatile.Write(ref Place(utf8), new Known(utf8.ToArray(), value));
    }

    private ref Known? Place(ReadOnlySpan<byte> utf8) => ref known[Hash(utf8) % (uint)known.Length];

    // Names and bodies differ at their ends: numbers, times, closing words.
    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = (uint)utf8.Length * 2654435761u;
        if (utf8.Length < 8)
        {
            foreach (var b in utf8) hash = (hash ^ b) * 16777619u;
            return hash ^ (hash >> 15);
        }

        var ends = (MemoryMarshal.Read<ulong>(utf8) * 0x9E3779B97F4A7C15ul) ^ (MemoryMarshal.Read<ulong>(utf8[^8..]) * 0xC2B2AE3D27D4EB4Ful);
        return hash ^ (uint)(ends >> 32) ^ (uint)ends;
    }

    private sealed record Known(byte[] Utf8, T Value);
}
