namespace HostNode.Agent.Journal;

/// <summary>A write or flush failed. The process ends at once and says nothing more (hand-off, R2); the next start reads what is there.</summary>
public sealed class JournalFailedException(string what, Exception? cause)
    : JournalException($"{what}: {cause?.Message ?? "the journal failed before"}; stopping", cause);
