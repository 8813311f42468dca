using Coordinator.Shared.Contracts;

namespace HostNode.Hypervisors;

/// <summary>
/// One kind of guest on this host. The agent's machine gives commands and is told events; nothing here decides who may run a VM.
/// Commands return at once and never throw for a guest's sake: what came of them arrives as an event through the sink given at
/// construction. Commands for one VM are carried out in the order given; different VMs do not wait for each other.
/// Repeating a command whose effect is already there is harmless and repeats the event.
/// </summary>
public interface IHypervisor : IAsyncDisposable
{
    /// <summary><c>native</c> or <c>qemu</c>; the value of <see cref="GuestSpec.Driver"/>.</summary>
    string Name { get; }

    /// <summary>What works here: found out once, by trying. An <c>error</c> means the driver cannot be used on this host.</summary>
    IReadOnlyList<Problem> SelfTest();

    /// <summary>Guests that live on this host now, from the operating system (sockets, processes), never from memory of an earlier run. Attaches to them.</summary>
    IReadOnlyList<DiscoveredGuest> Discover();

    /// <summary>Problems that would stop this guest from leaving or arriving; changes nothing.</summary>
    IReadOnlyList<Problem> Precheck(MigrationRole role, Coordinator.Shared.Identity.VmId vm, GuestSpec spec, MigrationPolicy policy);

    /// <summary>Starts carrying out a command.</summary>
    void Execute(HypervisorCommand command);

    /// <summary>A memory stream from another agent, already authenticated, its <see cref="PeerHello"/> already read. The driver owns it from here.</summary>
    void AcceptStream(PeerHello hello, Stream stream);
}
