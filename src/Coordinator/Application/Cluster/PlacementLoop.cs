using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Microsoft.Extensions.Logging;

namespace Coordinator.Application.Cluster;

/// <summary>
/// Keeps this node's seat in the cluster: says that it lives, takes the shards of nodes that do not, gives up what others should have, a few at a
/// time. All of it hints; two nodes that both think they have a shard are told apart by its term at the next append.
/// </summary>
public sealed partial class PlacementLoop : IDisposable
{
    /// <summary>
    /// Shards taken between two beats at the most. Reading them takes its time, on a starved database many milliseconds each, and who does not beat for
    /// some seconds counts as dead: two nodes that take hundreds at once would take them from each other for ever.
    /// </summary>
    public const int TakenAtOnce = 16;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly CoordinatorNode _node;
    private readonly IClusterMembership _membership;
    private readonly string _name;
    private readonly Func<NodeFacts> _facts;
    private readonly Action<ClusterView> _seen;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new();
    private readonly HashSet<string> _forgotten = [];
    private volatile ClusterView? _view;
    private volatile string? _trouble;

    /// <param name="facts">What is true of this node now.</param>
    /// <param name="seen">Told each view, on this loop's thread.</param>
    public PlacementLoop(CoordinatorNode node, IClusterMembership membership, string name, Func<NodeFacts> facts, Action<ClusterView> seen, ILogger log)
    {
        (_node, _membership, _name, _facts, _seen, _logger) = (node, membership, name, facts, seen, log);
        _thread = new Thread(Loop) { IsBackground = true, Name = "placement" };
    }

    /// <summary>The cluster as it was last seen; null before the first time.</summary>
    public ClusterView? View => _view;

    /// <summary>Why the others could not be seen last time; null if they could.</summary>
    public string? Trouble => _trouble;

    /// <summary>Takes a seat, and begins to take the shards nobody has.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    /// <exception cref="StoreConfigurationException">Another living process has this node's name.</exception>
    public void Start()
    {
        Turn();
        _thread.Start();
    }

    /// <summary>Gives every shard up, so that the others take them at once, and leaves.</summary>
    public void Dispose()
    {
        if (_stop.IsSet) return;
        _stop.Set();
        if (_thread.IsAlive) _thread.Join();
        try
        {
            GiveUp(_node.OwnedShards);
            _membership.Leave();
        }
        catch (StoreUnavailableException)
        {
            // They will see it by the silence.
        }

        _membership.Dispose();
    }

    private void Loop()
    {
        var isMore = true;
        while (!_stop.Wait(isMore ? TimeSpan.Zero : Every))
        {
            try
            {
                isMore = Turn();
                _trouble = null;
            }
            catch (Exception e) when (e is StoreUnavailableException or StoreConfigurationException)
            {
                isMore = false;
                if (_trouble is null) LogTrouble(e.Message);
                _trouble = e.Message;
            }
        }
    }

    // True if there is more to take.
    private bool Turn()
    {
        var view = _view = _membership.Beat(_facts());
        _seen(view);
        var moves = ShardPlacement.Plan(view, _name, _node.OwnedShards);
        if (moves.Drop.Count > 0)
        {
            LogOvertaken(moves.Drop.Count, moves.Drop[0]);
            Wait(_node.GiveUpAsync(moves.Drop));
        }

        var isTaken = moves.Take.Count > 0 && Wait(_node.TakeAsync([.. moves.Take.Take(TakenAtOnce)]));
        GiveUp(moves.Release);
        _forgotten.IntersectWith(view.Dead);
        foreach (var dead in view.Dead.Where(dead => !view.Owners.Contains(dead) && !_forgotten.Contains(dead)))
        {
            _membership.Forget(dead);
            _forgotten.Add(dead);
        }

        return isTaken && moves.Take.Count > TakenAtOnce;
    }

    private void GiveUp(IReadOnlyCollection<int> shards)
    {
        if (shards.Count == 0) return;
        var leases = Wait(_node.GiveUpAsync([.. shards]));
        if (leases.Count == 0) return;
        LogGaveUp(leases.Count);
        _membership.Release(leases);
    }

    // The node's loop may be gone: then nothing moves any more, and the others see it when the process ends.
    private T Wait<T>(Task<T> task)
    {
        Task.WaitAny(task, _node.Failed);
        return task.IsCompleted ? task.GetAwaiter().GetResult() : throw new StoreUnavailableException("this node has stopped");
    }

    [LoggerMessage(110, LogLevel.Warning, "the cluster cannot be seen: {Detail}")]
    private partial void LogTrouble(string detail);

    [LoggerMessage(112, LogLevel.Warning, "overtaken: {Count} shards (first {Shard}) have another owner")]
    private partial void LogOvertaken(int count, int shard);

    [LoggerMessage(111, LogLevel.Information, "gave up {Count} shards for other nodes to take")]
    private partial void LogGaveUp(int count);
}
