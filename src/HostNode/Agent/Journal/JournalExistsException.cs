namespace HostNode.Agent.Journal;

/// <summary><c>init</c> was called where a journal, whole or damaged, lies already.</summary>
public sealed class JournalExistsException(string path)
    : JournalException($"'{path}' holds a journal already: init never overwrites one");
