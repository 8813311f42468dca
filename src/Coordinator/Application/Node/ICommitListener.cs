using Coordinator.Application.Machine;
using Coordinator.Application.Store;

namespace Coordinator.Application.Node;

/// <summary>Hears every committed event, on the node's thread: must be quick and must not throw.</summary>
public interface ICommitListener
{
    void Committed(CommittedEvent happened);

    /// <summary>A batch is durable: its events are told next.</summary>
    void Begun(AppendOutcome.Committed batch)
    {
    }

    /// <summary>Everything up to here was told.</summary>
    void Reached(StorePosition position)
    {
    }

    /// <summary>A commit's fate was unknown for a while: events may be durable that were never told. Read on from the last position.</summary>
    void Missed()
    {
    }
}
