namespace Coordinator.Application.Node;

/// <summary>Counts for metrics. Written by the node's thread alone; reads may be a moment old.</summary>
public sealed class NodeStatistics
{
    public long Events { get; internal set; }

    public long Batches { get; private set; }

    /// <summary>Appends refused because another node had taken a shard.</summary>
    public long Fenced { get; internal set; }

    /// <summary>Appends whose fate had to be found out.</summary>
    public long Unknown { get; internal set; }

    /// <summary>Streams with events of a newer version, which this one does not decide for.</summary>
    public int Stopped { get; internal set; }

    /// <summary>Told after each takeover: shards, and the time from having them until they could be decided for.</summary>
    public event Action<int, TimeSpan>? TakeoverMeasured;

    /// <summary>Told after each append: events and time it took.</summary>
    public event Action<int, TimeSpan>? AppendMeasured;

    internal void Appended(int events, TimeSpan took)
    {
        Batches++;
        AppendMeasured?.Invoke(events, took);
    }

    internal void TookOver(int shards, TimeSpan took) => TakeoverMeasured?.Invoke(shards, took);
}
