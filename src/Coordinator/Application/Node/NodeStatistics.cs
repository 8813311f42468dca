namespace Coordinator.Application.Node;

/// <summary>Counts for metrics. Written by the node's thread alone; reads may be a moment old.</summary>
public sealed class NodeStatistics
{
    public long Events { get; internal set; }

    public long Batches { get; private set; }

    /// <summary>Told after each append: events and time it took.</summary>
    public event Action<int, TimeSpan>? AppendMeasured;

    internal void Appended(int events, TimeSpan took)
    {
        Batches++;
        AppendMeasured?.Invoke(events, took);
    }
}
