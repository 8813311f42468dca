using Coordinator.Application.Machine;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>
/// A defect put in on purpose at the border of a machine: what it hears, what it writes, what it does. The machines themselves know
/// nothing of it. Tests switch one on to see that the checkers notice; every method here is the honest behaviour.
/// </summary>
public class Mutation
{
    public static readonly Mutation None = new();

    /// <summary>Effects of an agent's step leave before its records are durable.</summary>
    public virtual bool ActsBeforeFsync => false;

    /// <summary>Effects of a coordinator's batch leave before it is committed.</summary>
    public virtual bool SendsBeforeCommit => false;

    /// <summary>The store looks at terms, owners, sequence numbers and versions.</summary>
    public virtual bool StoreChecks => true;

    /// <summary>A journal that is empty after a restart is taken for a new one.</summary>
    public virtual bool LosesJournals => false;

    /// <summary>Reports are sent until acknowledged.</summary>
    public virtual bool RepeatsReports => true;

    /// <summary>What an agent hears; null: nothing.</summary>
    public virtual AgentInput? Hears(SimHost host, AgentInput input) => input;

    /// <summary>What an agent writes and does.</summary>
    public virtual AgentStep Steps(SimHost host, AgentInput input, AgentStep step) => step;

    /// <summary>Whether a record is really on the disk.</summary>
    public virtual bool Keeps(SimHost host, JournalRecord record) => true;

    /// <summary>What a hypervisor is told; null: nothing.</summary>
    public virtual HypervisorCommand? Drives(SimHost host, HypervisorCommand command) => command;

    /// <summary>A copy has just become complete at its destination.</summary>
    public virtual void Loaded(SimHost host, SimGuest guest)
    {
    }

    /// <summary>What a coordinator hears; null: nothing.</summary>
    public virtual MachineInput? Hears(SimCoordinator coordinator, MachineInput input) => input;

    /// <summary>What a coordinator does.</summary>
    public virtual IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects) => effects;

    /// <summary>How a coordinator is set up.</summary>
    public virtual MachineOptions SetUp(MachineOptions options) => options;
}
