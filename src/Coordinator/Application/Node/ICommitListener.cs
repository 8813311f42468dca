using Coordinator.Application.Machine;

namespace Coordinator.Application.Node;

/// <summary>Hears every committed event, on the node's thread: must be quick and must not throw.</summary>
public interface ICommitListener
{
    void Committed(CommittedEvent happened);
}
