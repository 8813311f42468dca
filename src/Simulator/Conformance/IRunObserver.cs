using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Simulator.Conformance;

/// <summary>Told everything in a simulated run that somebody outside could see, in order, as it happens.</summary>
public interface IRunObserver
{
    /// <summary>How many steps it has judged.</summary>
    long Steps { get; }

    /// <summary>An event is durable.</summary>
    void Decided(StoredEvent e);

    /// <summary>The records of one step are durable.</summary>
    void Written(SimHost host, IReadOnlyList<JournalRecord> records);

    /// <summary>An order leaves.</summary>
    /// <param name="byGhost">It leaves a coordinator over an old copy of the store.</param>
    void Ordered(HostId to, Order order, bool byGhost);

    void Reported(SimHost from, Report report);

    void Told(SimHost from, PeerMessage message);

    /// <summary>An agent tells its hypervisor.</summary>
    void Driven(SimHost host, HypervisorCommand command);

    /// <summary>What an agent knew only in memory is gone.</summary>
    void AgentGone(SimHost host);

    /// <summary>Before the host's guests are forgotten.</summary>
    void HostGone(SimHost host);

    void Guest(SimHost host, SimGuest guest, GuestStep step);
}

/// <summary>What happened to a guest's process.</summary>
public enum GuestStep
{
    /// <summary>From its disk.</summary>
    Started,
    Stopped,
    BytesLeft,
    Loaded,

    /// <summary>Loaded, and not what left.</summary>
    Spoiled,
    Completed,
    Failed,

    /// <summary>A stopped copy is about to run.</summary>
    Runs,

    /// <summary>By its agent.</summary>
    Destroyed,

    /// <summary>By a fault, and its agent has yet to notice.</summary>
    Killed,
}
