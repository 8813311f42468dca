namespace Simulator.Conformance;

/// <summary>
/// The rules of <c>spec/handoff.pml</c> for one VM, read a second time and without any code of the product: takes the steps of a history one
/// by one and says which rule a step breaks. A message, once sent, may arrive at any time, any number of times or never, and a coordinator
/// may be a zombie: so what a step needs is that a message was sent, or that the log once said something, never that it is new.
/// </summary>
/// <remarks>What must happen (L1) is no step and is not seen here.</remarks>
/// <param name="guarded">A hypervisor that fails after the pause stays stopped.</param>
/// <param name="witness">The storage tells whether the destination took the disk's lock.</param>
public sealed partial class HandoffTwin(bool guarded, bool witness = false)
{
    private readonly List<TwinAttempt> attempts = [];
    private readonly Dictionary<int, TwinHost> hosts = [];
    private int acked;
    private int home = -1;
    private int placed = -1;
    private readonly HashSet<(int Host, int Epoch)> stops = [];
    private readonly Dictionary<int, int> starts = [];

    /// <summary>A host's journal says that the VM is placed there, outside any attempt: at first, or to be started again from its disk.</summary>
    public string? Place(int host, int epoch)
    {
        if (placed >= 0 && epoch <= At(host).Highest) return "R3: a lower epoch starts nothing";
        if (attempts.Exists(a => a.Source == host && a.SourceWord == Word.Intent)) return "R9: nothing starts while an INTENT is open";
        (home, placed) = (host, epoch);
        At(host).Highest = epoch;
        return null;
    }

    /// <summary>The guest starts from its disk where it is placed.</summary>
    public string? Boot(int host)
    {
        if (host != home || At(host).Highest != placed || hosts.Values.Any(h => h.Copy == Copy.Running)) return "S1: a guest starts once, where it is placed";
        (At(host).Copy, At(host).Version, At(host).Epoch) = (Copy.Running, acked, placed);
        return null;
    }

    /// <summary>The destination's last word about it is PREPARED.</summary>
    public bool IsPrepared(int attempt) => attempts[attempt].DestinationWord == Word.Prepared;

    /// <summary>The log said ABORTED of it.</summary>
    public bool WasAborted(int attempt) => attempts[attempt].Was(LogStatus.Aborted);

    /// <summary>A host is told to end what runs there under this epoch: a person wants that.</summary>
    public void OrderStop(int host, int epoch) => stops.Add((host, epoch));

    /// <summary>A host is told to start it under this epoch: whatever is below is a debt there.</summary>
    public void OrderStart(int host, int epoch) => starts[host] = Math.Max(epoch, starts.GetValueOrDefault(host));

    /// <summary>The source's agent tells its hypervisor to stop the guest; the incarnation that wrote INTENT may not see it happen.</summary>
    public void TellToStop(int attempt)
    {
        var a = attempts[attempt];
        a.IsToldToStop |= a.SourceWord == Word.Intent && a.Knows == Knows.Unsent;
    }

    /// <summary>Two persons have decided about a held attempt.</summary>
    public string? Decide(int attempt)
    {
        if (attempts[attempt].Status != LogStatus.Held) return "2.5: only HELD is resolved";
        attempts[attempt].IsDecided = true;
        return null;
    }

    /// <summary>The resolution came to the source under this epoch, which is one of the VM's like any other.</summary>
    public string? Resolve(int attempt, int epoch)
    {
        var a = attempts[attempt];
        if (WriteAtSource(a, new ModelStep(StepKind.Resolved, attempt, a.Source)) is { } refused) return refused;
        if (!a.IsDecided || epoch <= a.Epoch) return "2.5: a resolution needs two persons and a new epoch";
        (home, placed, a.ResolvedEpoch) = (a.Source, epoch, epoch);
        var host = At(a.Source);
        host.Highest = epoch;
        // The destination ran: to choose the source's copy is to give up what it wrote there, as a start from disk would.
        return host.Copy == Copy.Paused && host.Version != acked && a.DestinationWord == Word.Owned ? FromDisk(a, a.Source) : null;
    }

    /// <summary>How many of the guest's writes a host's running copy holds by now.</summary>
    public void Count(int host, int writes)
    {
        if (At(host).Copy == Copy.Running) acked = At(host).Version = Math.Max(acked, writes);
    }

    /// <summary>What arrived is not what left: such a copy is no copy.</summary>
    public void Spoil(int host) => At(host).Version = -1;

    /// <summary>The next attempt: its number, from 0.</summary>
    public int Open(int source, int destination, int epoch)
    {
        attempts.Add(new TwinAttempt { Source = source, Destination = destination, Epoch = epoch });
        return attempts.Count - 1;
    }

    /// <summary>Null when the model could have done this; otherwise the rule that forbids it. After a refusal the twin is of no use any more.</summary>
    public string? Take(ModelStep step)
    {
        if (step.Attempt >= attempts.Count && step.Kind is not (StepKind.Wrote or StepKind.Runs or StepKind.Destroyed or StepKind.Crash or StepKind.HostLost or StepKind.Dead or StepKind.JournalLost)) return "no such attempt was opened";
        var a = step.Attempt < attempts.Count ? attempts[step.Attempt] : null;
        return step.Kind switch
        {
            StepKind.Sent => Send(a!, (Message)step.Host),
            StepKind.Log => Log(a!, (LogStatus)step.Host),
            StepKind.CommitSeen => SeeCommit(a!),
            StepKind.Closed => Close(a!),
            StepKind.Begun or StepKind.Intent or StepKind.Rejected or StepKind.Released or StepKind.Held or StepKind.Resolved => WriteAtSource(a!, step),
            StepKind.Prepared or StepKind.Owned or StepKind.Refused or StepKind.Lock => WriteAtDestination(a!, step),
            StepKind.Wrote or StepKind.Stopped or StepKind.Left or StepKind.Loaded or StepKind.Done or StepKind.Failed => Hypervisor(a, step),
            StepKind.Runs => Run(step.Host),
            StepKind.Destroyed => Destroy(step.Host),
            StepKind.FromDisk => FromDisk(a!, step.Host),
            StepKind.Crash => Crash(step.Host),
            StepKind.HostLost => LoseHost(step.Host),
            StepKind.JournalLost => LoseJournal(step.Host),
            StepKind.Dead => Die(step.Host),
            StepKind.Fence => Fence(a!),
            StepKind.Off => SwitchOff(a!, step.Host),
            StepKind.WrittenOff => WriteOff(a!, step.Host),
            _ => "not a step of the model",
        };
    }

    private TwinHost At(int host)
    {
        if (!hosts.TryGetValue(host, out var found)) hosts.Add(host, found = new TwinHost());
        return found;
    }

    private static string? Unless(bool holds, string rule) => holds ? null : rule;

    // R9: an order of a newer epoch to this host makes everything below it a debt.
    private bool NewerPrepSent(int host, int epoch) => starts.GetValueOrDefault(host) > epoch || attempts.Exists(b => b.Destination == host && b.Epoch > epoch && b.Sent(Message.Prep));
}
