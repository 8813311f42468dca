using System.Collections.Concurrent;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Guests in QEMU, driven over QMP. Each runs in its own session and survives this process; another instance on the same run directory
/// finds it again by <see cref="Discover"/>. Memory travels from QEMU to QEMU, never through the agent.
/// </summary>
public sealed class QemuHypervisor : IHypervisor
{
    private readonly QemuOptions _options;
    private readonly IHypervisorSink _sink;
    private readonly QemuInstallation _installation;
    private readonly ConcurrentDictionary<VmId, QemuGuest> _guests = new();

    public QemuHypervisor(QemuOptions options, IHypervisorSink sink)
    {
        _options = options with { RunDirectory = Path.GetFullPath(options.RunDirectory) };
        _sink = sink;
        _installation = new QemuInstallation(_options);
    }

    public string Name => "qemu";

    public IReadOnlyList<Problem> SelfTest() => _installation.Problems;

    public IReadOnlyList<DiscoveredGuest> Discover() => DiscoverAsync().GetAwaiter().GetResult();

    public IReadOnlyList<Problem> Precheck(MigrationRole role, VmId vm, GuestSpec spec, MigrationPolicy policy)
    {
        var place = role == MigrationRole.Source
            ? QemuPrecheck.OfSource(vm, RunStateOf(vm))
            : QemuPrecheck.OfDestination(new GuestFiles(_options.RunDirectory, vm));
        return [.. _installation.Problems, .. QemuPrecheck.OfSpec(spec, _options, _installation), .. QemuPrecheck.OfPolicy(policy), .. place];
    }

    private string RunStateOf(VmId vm) => _guests.TryGetValue(vm, out var guest)
        ? guest.AskRunStateAsync().GetAwaiter().GetResult()
        : "absent";

    public void Execute(HypervisorCommand command) =>
        _guests.GetOrAdd(command.Vm, static (vm, self) => new QemuGuest(vm, self._options, self._sink), this).Post(command);

    /// <summary>QEMU moves memory by itself: nobody sends a stream here.</summary>
    public void AcceptStream(PeerHello hello, Stream stream) => stream.Dispose();

    /// <summary>Lets go of all guests; they live on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var guest in _guests.Values) await guest.DisposeAsync().ConfigureAwait(false);
        _guests.Clear();
    }

    private async Task<IReadOnlyList<DiscoveredGuest>> DiscoverAsync()
    {
        var found = await Task.WhenAll(GuestFiles.In(_options.RunDirectory).Select(AttachAsync)).ConfigureAwait(false);
        return [.. found.OfType<DiscoveredGuest>()];
    }

    private async Task<DiscoveredGuest?> AttachAsync(GuestFiles files)
    {
        var guest = _guests.GetOrAdd(files.Vm, static (vm, self) => new QemuGuest(vm, self._options, self._sink), this);
        return await guest.AttachAsync().ConfigureAwait(false);
    }
}
