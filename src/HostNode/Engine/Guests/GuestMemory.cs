using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Linux;

namespace HostNode.Engine.Guests;

/// <summary>A guest's memory with its two bitmaps, mapped into this process.</summary>
public sealed class GuestMemory : IDisposable
{
    private readonly MemoryFile _written;
    private readonly MemoryFile _owed;

    public GuestMemory(MemoryFile memory, MemoryFile written, MemoryFile owed)
    {
        Memory = memory;
        _written = written;
        _owed = owed;
        Written = new PageBitmap(written, memory.Length);
        Owed = new PageBitmap(owed, memory.Length);
    }

    public MemoryFile Memory { get; }

    /// <summary>What the guest wrote since the last harvest; the cooperative tracker's.</summary>
    public PageBitmap Written { get; }

    /// <summary>What was harvested and is not yet acknowledged by the destination. Kept by the guest's process, so it outlives an agent.</summary>
    public PageBitmap Owed { get; }

    public void Dispose()
    {
        Memory.Dispose();
        _written.Dispose();
        _owed.Dispose();
    }
}
