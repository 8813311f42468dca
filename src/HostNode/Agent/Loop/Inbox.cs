using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace HostNode.Agent.Loop;

/// <summary>
/// What waits for the machine, in order of arrival. Bounded: orders, peer messages and live numbers that find it full are dropped, for
/// they come again by themselves; what a driver says happened is never dropped (its number is bounded by the commands given).
/// </summary>
public sealed class Inbox : IHypervisorSink
{
    private const int Capacity = 4096;
    private readonly Queue<LoopItem> _waiting = new();
    private bool _closed;

    /// <summary>False if it was dropped: the sender's next repetition will do. From any thread; never blocks.</summary>
    public bool Post(AgentInput input) => Post(new LoopItem.Input(input));

    void IHypervisorSink.Post(HypervisorEvent happened) => Post(new HypervisorReported(happened));

    /// <summary>Looks at the machine between two steps; from any thread but the loop's own. The task is cancelled if the loop has ended.</summary>
    public Task<T> Ask<T>(Func<IAgentMachine, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = Post(new LoopItem.Question(machine => answer.TrySetResult(question(machine))));
        if (!asked) answer.TrySetCanceled();
        return answer.Task;
    }

    private bool Post(LoopItem item)
    {
        lock (_waiting)
        {
            if (_closed || (_waiting.Count >= Capacity && MayBeDropped(item))) return false;
            _waiting.Enqueue(item);
            Monitor.Pulse(_waiting);
            return true;
        }
    }

    /// <summary>Nothing more comes in; what waits is still given out.</summary>
    public void Close()
    {
        lock (_waiting)
        {
            _closed = true;
            Monitor.PulseAll(_waiting);
        }
    }

    /// <summary>Moves up to <paramref name="most"/> items; waits for the first at most so long. False once closed and empty.</summary>
    internal bool Take(List<LoopItem> into, int most, TimeSpan wait)
    {
        lock (_waiting)
        {
            if (_waiting.Count == 0 && !_closed && wait > TimeSpan.Zero) Monitor.Wait(_waiting, wait);
            while (into.Count < most && _waiting.TryDequeue(out var item)) into.Add(item);
            return !_closed || into.Count > 0;
        }
    }

    private static bool MayBeDropped(LoopItem item) => item switch
    {
        LoopItem.Input { Value: HypervisorReported { Event: not OutgoingProgress } } => false,
        LoopItem.Input { Value: AgentStarted } => false,
        LoopItem.Question => false,
        _ => true,
    };
}
