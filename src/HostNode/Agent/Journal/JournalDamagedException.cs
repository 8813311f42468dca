namespace HostNode.Agent.Journal;

/// <summary>The bytes are not what this agent wrote. Not repaired by machine: what this host promised is unknown.</summary>
public sealed class JournalDamagedException(string file, long offset, string what)
    : JournalException($"journal damaged: {file} at byte {offset}: {what}; restore nothing by hand: write this host off and enroll it under a new name")
{
    public string File { get; } = file;

    /// <summary>First byte that cannot be trusted.</summary>
    public long Offset { get; } = offset;
}
