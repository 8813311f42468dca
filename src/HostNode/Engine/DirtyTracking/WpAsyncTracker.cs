using HostNode.Engine.Linux;

namespace HostNode.Engine.DirtyTracking;

/// <summary>The kernel notes writes through the guest's own mapping (userfaultfd WP_ASYNC), read by PAGEMAP_SCAN.</summary>
/// <param name="scanner">Over the guest's mapping, in the guest's process.</param>
/// <param name="register">Asks the guest's process to register (true) or unregister (false) its mapping: only the owner of an address space can.</param>
public sealed class WpAsyncTracker(PageMapScanner scanner, Action<bool> register) : IDirtyTracker
{
    public string Name => "wpAsync";

    public void Arm()
    {
        register(true);
        scanner.Scan(protect: true, found: null);
    }

    public long Peek() => scanner.Scan(protect: false, found: null) * PageBitmap.PageSize;

    // Protecting comes first and is atomic with reading the note: a write after it is noted again, whenever the page is copied.
    public long Harvest(PageBitmap into) => scanner.Scan(protect: true, into.SetRange) * PageBitmap.PageSize;

    public void Disarm() => register(false);

    public void Dispose() => scanner.Dispose();
}
