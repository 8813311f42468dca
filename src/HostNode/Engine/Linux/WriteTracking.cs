using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Engine.Linux;

/// <summary>
/// userfaultfd in write-protect mode with asynchronous resolution: the kernel itself notes the first write to each protected page and
/// lets it go on. Lives in the process that owns the mapping; the notes are read by <see cref="PageMapScanner"/>, from any process.
/// </summary>
/// <remarks>Only writes through this mapping are seen; a write through another mapping, by pwrite or a punched hole is not (measured).</remarks>
public sealed unsafe class WriteTracking : IDisposable
{
    private const nuint IoctlApi = 0xC018AA3F;
    private const nuint IoctlRegister = 0xC020AA00;
    private const nuint IoctlUnregister = 0x8010AA01;
    private const ulong Api = 0xAA;
    private const ulong FeatureWpUnpopulated = 1UL << 13;
    private const ulong FeatureWpAsync = 1UL << 15;
    private const ulong ModeWriteProtect = 2;

    // O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY: works without root.
    private const int OpenFlags = 0x80000 | 0x800 | 1;

    private readonly SafeFileHandle _handle;
    private bool _registered;

    private WriteTracking(SafeFileHandle handle) => _handle = handle;

    /// <exception cref="IOException">The kernel lacks it or forbids it; the message says which call.</exception>
    public static WriteTracking Open()
    {
        var descriptor = Libc.Syscall(Libc.SysUserfaultfd, OpenFlags, 0, 0, 0);
        if (descriptor < 0) throw Libc.Failure("userfaultfd");
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var api = stackalloc ulong[3] { Api, FeatureWpAsync | FeatureWpUnpopulated, 0 };
        if (Libc.Ioctl((int)descriptor, IoctlApi, api) == 0) return new WriteTracking(handle);
        var failure = Libc.Failure("UFFDIO_API with WP_ASYNC");
        handle.Dispose();
        throw failure;
    }

    /// <summary>From here on the kernel can note writes to this mapping. Safe to repeat.</summary>
    public void Register(MemoryFile memory)
    {
        if (_registered) return;
        var argument = stackalloc ulong[4] { (ulong)memory.Address, (ulong)memory.Length, ModeWriteProtect, 0 };
        if (Libc.Ioctl((int)_handle.DangerousGetHandle(), IoctlRegister, argument) != 0) throw Libc.Failure("UFFDIO_REGISTER");
        _registered = true;
    }

    /// <summary>Ends it and lets all writes go through unnoted. Safe to repeat.</summary>
    public void Unregister(MemoryFile memory)
    {
        if (!_registered) return;
        var argument = stackalloc ulong[2] { (ulong)memory.Address, (ulong)memory.Length };
        if (Libc.Ioctl((int)_handle.DangerousGetHandle(), IoctlUnregister, argument) != 0) throw Libc.Failure("UFFDIO_UNREGISTER");
        _registered = false;
    }

    public void Dispose() => _handle.Dispose();
}
