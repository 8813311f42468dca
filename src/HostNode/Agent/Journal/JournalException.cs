namespace HostNode.Agent.Journal;

/// <summary>The journal cannot be used; the agent must not run. The message is one line for a person.</summary>
public abstract class JournalException(string message, Exception? cause = null) : Exception(message, cause);
