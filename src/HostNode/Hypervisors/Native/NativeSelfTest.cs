using System.Runtime.InteropServices;
using System.Text;
using Coordinator.Shared.Contracts;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Linux;

namespace HostNode.Hypervisors.Native;

/// <summary>What works on this host, found out once by trying.</summary>
internal sealed class NativeSelfTest
{
    // Longest name of a VM plus "/.sock" must fit a UNIX socket address.
    private const int SocketPathMax = 107;

    private readonly NativeOptions _options;
    private readonly Lazy<string?> _whyNoWpAsync = new(TrackerSelfTest.WhyNoWpAsync);
    private readonly Lazy<IReadOnlyList<Problem>> _problems;

    public NativeSelfTest(NativeOptions options)
    {
        _options = options;
        _problems = new Lazy<IReadOnlyList<Problem>>(() => [.. Find()]);
    }

    public IReadOnlyList<Problem> Problems => _problems.Value;

    public bool UsesWpAsync => _options.Tracking switch
    {
        "wpAsync" => true,
        "cooperative" => false,
        _ => _whyNoWpAsync.Value is null,
    };

    /// <summary>How dirty pages will be found here; told in every precheck of a source.</summary>
    public Problem Tracking => UsesWpAsync
        ? Problem.Info("tracking.wpAsync", "dirty pages are tracked by the kernel (userfaultfd WP_ASYNC)")
        : Problem.Warning("tracking.cooperative", $"dirty pages are tracked by the guest itself: {_whyNoWpAsync.Value ?? "chosen by configuration"}",
            "Use a kernel of 6.7 or newer with userfaultfd to track guests that do not cooperate.");

    /// <summary>Whether the sockets of this guest would fit.</summary>
    public Problem? SocketPath(string vm) =>
        Encoding.UTF8.GetByteCount(Path.Combine(_options.RunDirectory, vm + ".sock")) <= SocketPathMax ? null
            : Problem.Error("native.pathTooLong", $"the socket of '{vm}' in {_options.RunDirectory} would exceed {SocketPathMax} bytes", "Choose a shorter run directory.");

    private IEnumerable<Problem> Find()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            yield return Problem.Error("native.architecture", $"the native engine runs on x86-64 only, this is {RuntimeInformation.ProcessArchitecture}", "Use a QEMU guest here.");
        if (!File.Exists(_options.HolderPath))
            yield return Problem.Error("native.holderMissing", $"{_options.HolderPath} does not exist", "Build or install guest-holder and configure its path.");
        if (TryRunDirectory() is { } unusable) yield return unusable;
        if (TryMemory() is { } refused) yield return refused;
        yield return Tracking;
    }

    private Problem? TryRunDirectory()
    {
        try
        {
            Directory.CreateDirectory(_options.RunDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var probe = Path.Combine(_options.RunDirectory, ".probe");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return SocketPath(new string('x', 16));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Problem.Error("native.runDirectory", refused.Message, "Give the agent a directory it may write.");
        }
    }

    private static Problem? TryMemory()
    {
        try
        {
            using var memory = MemoryFile.Create("selftest", 1 << 20);
            memory.Populate();
            return null;
        }
        catch (IOException refused)
        {
            return Problem.Error("native.memory", refused.Message, "The kernel must allow memfd_create and MADV_POPULATE_WRITE (5.14 or newer).");
        }
    }
}
