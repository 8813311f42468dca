namespace HostNode.Agent.Journal;

/// <summary>A file that only grows. Keeps working when its name changes.</summary>
public interface IJournalFile : IDisposable
{
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Everything appended so far is durable.</summary>
    void Flush();
}
