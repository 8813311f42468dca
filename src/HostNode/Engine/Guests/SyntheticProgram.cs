using System.Runtime.CompilerServices;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Linux;

namespace HostNode.Engine.Guests;

/// <summary>
/// What one vCPU of the synthetic guest does: overwrite random pages of its share with content derived from (page, sequence), after
/// checking what it finds there. A lost page (old sequence), a torn page and a foreign page are all seen. Allocates nothing.
/// </summary>
public sealed class SyntheticProgram
{
    private const int Cursor = 0;
    private const int Written = 1;
    private const int Errors = 2;
    private const int RandomState = 3;
    private const int WordsPerPage = SyntheticLayout.PageSize / sizeof(ulong);

    private readonly MemoryFile _memory;
    private readonly PageBitmap _dirty;
    private readonly SyntheticLayout _layout;
    private readonly int _vcpu;
    private readonly long _first;
    private readonly long _end;

    public SyntheticProgram(MemoryFile memory, PageBitmap dirty, SyntheticLayout layout, int vcpu)
    {
        _memory = memory;
        _dirty = dirty;
        _layout = layout;
        _vcpu = vcpu;
        (_first, _end) = layout.Share(vcpu);
    }

    public bool HasWork => _end > _first;

    /// <summary>Errors this vCPU ever found, kept in guest memory so that a move does not forget them.</summary>
    public long ErrorsFound => (long)Private(Errors);

    public long PagesWritten => (long)Private(Written);

    /// <summary>Whether every page was written once: until then the fill goes on before anything else.</summary>
    public bool IsFilled => (long)Private(Cursor) >= _end - _first;

    /// <summary>Writes one page: the next of the first fill, later a random one.</summary>
    public void Step()
    {
        var cursor = (long)Private(Cursor);
        if (cursor < _end - _first)
        {
            Write(_first + cursor);
            Private(Cursor) = (ulong)cursor + 1;
        }
        else
        {
            Write(_first + (long)(Next() % (ulong)(_end - _first)));
        }

        Private(Written)++;
        _dirty.Set(SyntheticLayout.Private(_vcpu) / SyntheticLayout.PageSize);
    }

    /// <summary>Checks every page of the share against the sequence table. Only when this vCPU does not write.</summary>
    /// <returns>Pages that are wrong.</returns>
    public long CheckAll()
    {
        var wrong = 0L;
        for (var page = _first; page < _end; page++)
        {
            if (!IsSound(page)) wrong++;
        }

        return wrong;
    }

    /// <summary>Adds to <see cref="ErrorsFound"/>. Only when this vCPU does not write.</summary>
    public void RecordErrors(long wrong)
    {
        if (wrong == 0) return;
        Private(Errors) += (ulong)wrong;
        _dirty.Set(SyntheticLayout.Private(_vcpu) / SyntheticLayout.PageSize);
    }

    /// <summary>Next beat of the guest's counter, without storing it.</summary>
    public static ulong PeekBeat(MemoryFile memory) => memory.Words(SyntheticLayout.Counter, 1)[0] + 1;

    public static void StoreBeat(MemoryFile memory, PageBitmap dirty, ulong beat)
    {
        Volatile.Write(ref memory.Words(SyntheticLayout.Counter, 1)[0], beat);
        dirty.Set(SyntheticLayout.Counter / SyntheticLayout.PageSize);
    }

    private void Write(long page)
    {
        if (!IsSound(page)) Private(Errors)++;
        ref var sequence = ref Sequence(page, out var sequencePage);
        sequence++;
        Fill(_memory.Words(Offset(page), WordsPerPage), (ulong)page, sequence);

        // Bits after writes: see CooperativeTracker.
        _dirty.Set(sequencePage);
        _dirty.Set(Offset(page) / SyntheticLayout.PageSize);
    }

    private bool IsSound(long page)
    {
        var sequence = Sequence(page, out _);
        var words = _memory.Words(Offset(page), WordsPerPage);
        return sequence == 0 ? !words.ContainsAnyExcept(0UL) : Matches(words, (ulong)page, sequence);
    }

    private long Offset(long page) => _layout.WorkingSet + (page * SyntheticLayout.PageSize);

    private ref ulong Sequence(long page, out long guestPage)
    {
        var offset = _layout.SequenceTable + (page * sizeof(ulong));
        guestPage = offset / SyntheticLayout.PageSize;
        return ref _memory.Words(offset, 1)[0];
    }

    private ref ulong Private(int word) => ref _memory.Words(SyntheticLayout.Private(_vcpu), WordsPerPage)[word];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(Span<ulong> words, ulong page, ulong sequence)
    {
        var value = Seed(page, sequence);
        words[0] = page;
        words[1] = sequence;
        for (var i = 2; i < words.Length; i++) words[i] = value += Step64;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Matches(ReadOnlySpan<ulong> words, ulong page, ulong sequence)
    {
        if (words[0] != page || words[1] != sequence) return false;
        var value = Seed(page, sequence);
        for (var i = 2; i < words.Length; i++)
        {
            if (words[i] != (value += Step64)) return false;
        }

        return true;
    }

    private const ulong Step64 = 0x9E3779B97F4A7C15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Seed(ulong page, ulong sequence) => (page * 0xC2B2AE3D27D4EB4F) ^ (sequence * 0x165667B19E3779F9);

    // splitmix64 (Vigna, public domain); its state lies in guest memory.
    private ulong Next()
    {
        ref var state = ref Private(RandomState);
        if (state == 0) state = (ulong)_vcpu + 1;
        var z = state += Step64;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
