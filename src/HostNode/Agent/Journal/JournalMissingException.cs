namespace HostNode.Agent.Journal;

/// <summary>There is none. An agent without its journal answers nothing (hand-off, R10): a new one is a new identity.</summary>
public sealed class JournalMissingException(string path)
    : JournalException($"no journal in '{path}': run 'host-agent init --dir {path} --host NAME' if this host is new; a host that lost its journal must be written off and enrolled under a new name");
