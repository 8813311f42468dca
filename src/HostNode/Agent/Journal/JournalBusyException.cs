namespace HostNode.Agent.Journal;

/// <summary>Another process holds the lock.</summary>
public sealed class JournalBusyException(string path) : JournalException($"the journal in '{path}' is in use by another agent");
