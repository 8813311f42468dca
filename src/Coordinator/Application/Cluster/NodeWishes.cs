using Coordinator.Domain;

namespace Coordinator.Application.Cluster;

/// <summary>What may be wished of a node, whatever keeps the wishes.</summary>
public static class NodeWishes
{
    /// <summary>Null if it may be wished.</summary>
    public static Refusal? Refuse(NodeWish wish, IReadOnlyList<NodeRecord> nodes)
    {
        var node = nodes.FirstOrDefault(n => n.Name == wish.Node);
        if (node is null) return new Refusal("node.unknown", $"there is no coordinator '{wish.Node}' in this cluster", "list what there is: lm cluster nodes");
        if (wish.IfMatch is { } seen && seen != node.Wishes)
            return new Refusal("precondition.stale", $"If-Match is \"{seen}\", the node is at \"{node.Wishes}\" by now", "read the resource again and decide again");
        if (!wish.Drained || node.Drain is not null || nodes.Any(n => n.Name != wish.Node && n is { Lives: true, Drain: null })) return null;
        return new Refusal("node.last", $"{wish.Node} is the last coordinator that may decide: without it nothing would be", "start another one, or undrain one, first");
    }
}
