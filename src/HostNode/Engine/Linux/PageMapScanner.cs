using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Engine.Linux;

/// <summary>PAGEMAP_SCAN over one address range of a process: which pages were written since they were last protected.</summary>
public sealed unsafe class PageMapScanner : IDisposable
{
    private const nuint IoctlScan = 0xC0606610;
    private const ulong CategoryWritten = 2;
    private const ulong FlagProtectMatching = 1;

    // Without it an unregistered range answers "nothing written" instead of failing (measured): silent corruption.
    private const ulong FlagCheckAsync = 2;
    private const int RegionsPerCall = 16 * 1024;

    private readonly SafeFileHandle _pageMap;
    private readonly ulong _start;
    private readonly ulong _end;

    // page_region: start, end, categories.
    private const int RegionWords = 3;
    private ulong* _regions;

    /// <param name="process">Whose mapping it is.</param>
    /// <param name="address">Start of the mapping in that process.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="IOException">No such process, or not ours to look into.</exception>
    public PageMapScanner(int process, nint address, long length)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/pagemap");
        var descriptor = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenCloexec, 0);
        if (descriptor < 0) throw Libc.Failure($"open {path}");
        _pageMap = new SafeFileHandle(descriptor, ownsHandle: true);
        _start = (ulong)address;
        _end = _start + (ulong)length;
        _regions = (ulong*)NativeMemory.Alloc(RegionsPerCall, RegionWords * sizeof(ulong));
    }

    /// <summary>Calls back with (first page, page count) of each stretch written since the last protecting scan.</summary>
    /// <param name="protect">Protect what is found, so that the next scan sees only later writes. Atomic per page: protect, then read.</param>
    /// <returns>Pages found.</returns>
    /// <exception cref="IOException">Tracking is not armed there any more: what was written is unknown.</exception>
    public long Scan(bool protect, Action<long, long>? found)
    {
        ObjectDisposedException.ThrowIf(_regions is null, this);
        var pages = 0L;
        var argument = stackalloc ulong[12];
        for (var at = _start; at < _end; at = argument[4])
        {
            new Span<ulong>(argument, 12).Clear();
            argument[0] = 96;
            argument[1] = FlagCheckAsync | (protect ? FlagProtectMatching : 0);
            argument[2] = at;
            argument[3] = _end;
            argument[5] = (ulong)_regions;
            argument[6] = RegionsPerCall;
            argument[9] = CategoryWritten;
            argument[11] = CategoryWritten;
            var count = Libc.Ioctl((int)_pageMap.DangerousGetHandle(), IoctlScan, argument);
            if (count < 0) throw Libc.Failure("PAGEMAP_SCAN");
            pages += Report(count, found);
            if (argument[4] <= at && count == 0) throw new IOException("PAGEMAP_SCAN made no progress");
        }

        return pages;
    }

    public void Dispose()
    {
        NativeMemory.Free(_regions);
        _regions = null;
        _pageMap.Dispose();
    }

    private long Report(int count, Action<long, long>? found)
    {
        var pages = 0L;
        for (var i = 0; i < count; i++)
        {
            var region = _regions + (i * RegionWords);
            var first = (long)((region[0] - _start) / Libc.PageSize);
            var length = (long)((region[1] - region[0]) / Libc.PageSize);
            pages += length;
            found?.Invoke(first, length);
        }

        return pages;
    }
}
