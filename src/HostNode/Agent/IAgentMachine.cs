using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;

namespace HostNode.Agent;

/// <summary>
/// The deciding part of an agent as its loop sees it: synchronous, no I/O, one thread. At a start every journal record is folded, then
/// <see cref="AgentStarted"/> is the first input; its records (the first of them <see cref="Started"/>) are durable before anything else happens.
/// </summary>
public interface IAgentMachine
{
    /// <summary>Of this incarnation, once <see cref="AgentStarted"/> was stepped; grows by one at each start.</summary>
    long StartCount { get; }

    /// <summary>Highest order number and epoch seen per open subject, for the hello.</summary>
    IReadOnlyList<SubjectMark> Marks { get; }

    /// <summary>What the journal says of each VM, for the hello.</summary>
    IReadOnlyList<VmWord> Words { get; }

    /// <summary>The last restore of a store that was told all this; null for none.</summary>
    string? Restore { get; }

    /// <summary>Guests owned or found here, for the hello.</summary>
    IReadOnlyList<GuestFact> Guests { get; }

    /// <summary>Takes over what the journal says; no effects.</summary>
    void Fold(JournalRecord record);

    /// <summary>Decides, <paramref name="at"/> being the host's time. The state already counts the returned records, so they must be durable before the next step's effects are run.</summary>
    AgentStep Step(AgentInput input, DateTimeOffset at);

    /// <summary>The host that may open memory streams for this attempt, or null: not prepared here, or over.</summary>
    HostId? MigrationSource(MigrationId migration, Epoch epoch);
}
