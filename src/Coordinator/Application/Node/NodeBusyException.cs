namespace Coordinator.Application.Node;

/// <summary>More is waiting than the node will hold. Transient.</summary>
public sealed class NodeBusyException : Exception
{
    public NodeBusyException() : base("the coordinator is overloaded: too many requests are waiting")
    {
    }
}
