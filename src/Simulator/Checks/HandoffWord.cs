using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>One word of the hand-off of one attempt, in the order in which the world saw them: a journal record, an event of the log, a fault of a host.</summary>
/// <param name="Where">A host, or <c>log</c>.</param>
/// <param name="Word">Name of the record or event, or <c>HostLost</c>, <c>GuestRuns</c>.</param>
public readonly record struct HandoffWord(TimeSpan At, MigrationId Migration, string Where, string Word);
