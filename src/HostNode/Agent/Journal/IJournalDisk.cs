namespace HostNode.Agent.Journal;

/// <summary>
/// One directory for one journal, held exclusively. Every call either does what it says or throws <see cref="IOException"/>; after a
/// throw nothing is known about what reached the disk, and nothing is tried again.
/// </summary>
public interface IJournalDisk : IDisposable
{
    /// <summary>For messages.</summary>
    string Path { get; }

    IReadOnlyList<string> List();

    byte[] Read(string name);

    /// <summary>A new, empty file; one of that name is an error.</summary>
    IJournalFile Create(string name);

    /// <summary>Atomic; replaces a file of the new name. Durable after <see cref="Flush"/>.</summary>
    void Rename(string from, string to);

    /// <summary>No error if it is not there. Durable after <see cref="Flush"/>.</summary>
    void Delete(string name);

    /// <summary>Every create, rename and delete so far is durable.</summary>
    void Flush();
}
