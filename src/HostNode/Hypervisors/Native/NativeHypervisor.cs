using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Engine.Guests;
using HostNode.Engine.Transfer;

namespace HostNode.Hypervisors.Native;

/// <summary>Synthetic guests in guest-holder processes, moved by the native engine over the agents' own links.</summary>
public sealed class NativeHypervisor : IHypervisor
{
    private readonly NativeParts _parts;
    private readonly ConcurrentDictionary<VmId, NativeGuest> _guests = new();

    public NativeHypervisor(NativeOptions options, IHypervisorSink sink, IPeerConnector peers, TimeProvider clock) =>
        _parts = new NativeParts(options, new HolderLauncher(options), sink, peers, clock, new NativeSelfTest(options));

    public string Name => "native";

    public IReadOnlyList<Problem> SelfTest() => _parts.SelfTest.Problems;

    public IReadOnlyList<DiscoveredGuest> Discover() =>
        [.. HolderPaths.All(_parts.Options.RunDirectory)
            .Select(p => VmId.TryParse(p.Vm, out var vm) ? Guest(vm).Discover() : null)
            .OfType<DiscoveredGuest>()];

    public IReadOnlyList<Problem> Precheck(MigrationRole role, VmId vm, GuestSpec spec, MigrationPolicy policy)
    {
        List<Problem> problems = [.. SelfTest().Where(p => p.Severity == "error")];
        if (_parts.SelfTest.SocketPath(vm.Value) is { } tooLong) problems.Add(tooLong);
        if (SyntheticLayout.WhyNot(spec.Memory.Value, spec.Vcpus) is { } impossible)
            problems.Add(Problem.Error("guest.impossible", impossible, "Correct the specification of the guest."));
        if (policy.Streams is < 1 or > StreamHello.StreamsMax)
            problems.Add(Problem.Error("policy.streams", $"{policy.Streams} streams", $"Use 1 to {StreamHello.StreamsMax}."));
        var present = Guest(vm).Discover();
        problems.AddRange(role == MigrationRole.Source ? SourceProblems(vm, spec, present) : DestinationProblems(vm, spec, present));
        return problems;
    }

    public void Execute(HypervisorCommand command) => Guest(command.Vm).Execute(command);

    public void AcceptStream(PeerHello hello, Stream stream)
    {
        if (!Guest(hello.Vm).TryAccept(hello, stream)) stream.Dispose();
    }

    /// <summary>Lets go of all guests; they live on.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (var guest in _guests.Values) guest.Dispose();
        _guests.Clear();
        return ValueTask.CompletedTask;
    }

    private IEnumerable<Problem> SourceProblems(VmId vm, GuestSpec spec, DiscoveredGuest? present)
    {
        if (present is null)
            yield return Problem.Error("guest.missing", $"'{vm}' is not on this host", "Migrate it from the host it is on.");
        else if (present.State != GuestRunState.Running)
            yield return Problem.Error("guest.notRunning", $"'{vm}' is {present.State}", "Only a running guest can be migrated live.");
        else if (present.Spec!.Memory != spec.Memory)
            yield return Problem.Error("guest.memory", $"'{vm}' has {present.Spec.Memory}, the plan says {spec.Memory}", "Correct the registration of the guest.");
        yield return _parts.SelfTest.Tracking;
    }

    private static IEnumerable<Problem> DestinationProblems(VmId vm, GuestSpec spec, DiscoveredGuest? present)
    {
        if (present is { State: GuestRunState.Running })
            yield return Problem.Error("guest.present", $"'{vm}' already runs here", "Migrate it to another host, or look into how it came to run twice.");
        if (AvailableMemory() is { } available && available < spec.Memory.Value)
            yield return Problem.Error("memory.tooSmall", $"{spec.Memory} needed, {new Coordinator.Shared.Units.ByteCount(available)} available", "Free memory or choose another host.");
    }

    private static long? AvailableMemory()
    {
        const string key = "MemAvailable:";
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    private NativeGuest Guest(VmId vm) => _guests.GetOrAdd(vm, id => new NativeGuest(id, _parts));
}
