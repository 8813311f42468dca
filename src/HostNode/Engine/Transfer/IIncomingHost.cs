namespace HostNode.Engine.Transfer;

/// <summary>What a receiving side needs of its host. Called on a thread of the transfer.</summary>
public interface IIncomingHost
{
    /// <summary>Complete, digests equal. Remembers it with the guest before the source is told; may be repeated with the same digest.</summary>
    /// <exception cref="IOException">The guest's process is gone.</exception>
    void Loaded(string digest);

    /// <summary>Will never become complete: the two sides disagree about the content.</summary>
    void Failed(string reason);
}
