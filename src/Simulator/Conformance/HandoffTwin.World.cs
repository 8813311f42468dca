namespace Simulator.Conformance;

/// <summary>Guests and hypervisors (spec/hyp.inc), faults, power.</summary>
public sealed partial class HandoffTwin
{
    private string? Hypervisor(TwinAttempt? a, ModelStep step)
    {
        var host = At(step.Host);
        switch (step.Kind)
        {
            case StepKind.Wrote:
                if (host.Copy != Copy.Running) return "only a running guest writes";
                host.Version = ++acked;
                return null;
            case StepKind.Stopped:
                if (a!.SourceWord != Word.Intent || a.Phase != Phase.Copying || host.Copy != Copy.Running) return "the guest stops only after INTENT";
                if (a.Knows != Knows.Unsent && !a.IsToldToStop) return "R5: the guest is stopped by the incarnation that wrote INTENT";
                (a.Phase, host.Copy) = (Phase.Stopped, Copy.Paused);
                return null;
            case StepKind.Left:
                if (a!.Phase != Phase.Stopped || host.Copy != Copy.Paused) return "the last bytes leave after the pause";
                (a.Phase, a.BytesVersion) = (Phase.Left, host.Version);
                a.Send(Message.State);
                return null;
            case StepKind.Loaded:
                if (a!.DestinationWord != Word.Prepared || host.Copy != Copy.Partial || host.Highest != a.Epoch || a.Phase is Phase.Copying or Phase.Stopped) return "only a prepared copy is loaded, with bytes that left";
                (host.Copy, host.Version) = (Copy.Paused, a.BytesVersion);
                a.Send(Message.Ack);
                return null;
            case StepKind.Done:
                if (a!.Phase != Phase.Left || host.Copy != Copy.Paused || !a.Sent(Message.Ack)) return "the hypervisor says completed after the destination's acknowledgement";
                a.Phase = Phase.Completed;
                return null;
            case StepKind.Failed when a!.Phase == Phase.Failed:
                return null;
            default:
                if (a!.Phase is not (Phase.Stopped or Phase.Left) || host.Copy != Copy.Paused) return "a hypervisor fails between the pause and completed";
                a.Phase = Phase.Failed;
                return null;
        }
    }

    private string? Run(int number)
    {
        var host = At(number);
        if (host.Copy != Copy.Paused) return "only a complete, stopped copy runs";
        var owner = attempts.Find(a => a.Destination == number && a.DestinationWord == Word.Owned && host.Highest == a.Epoch);
        var resolved = attempts.Find(a => a.Source == number && a.IsResolved && host.Highest == a.ResolvedEpoch);
        var resumes = resolved is not null
            || attempts.Exists(a => a.Source == number && ((a.SourceWord == Word.Rejected && host.Highest == a.Epoch) || (!guarded && a.Phase == Phase.Failed && a.SourceWord == Word.Intent)));
        if (owner is null && !resumes) return "S1: a copy runs only after OWNED, after REJECTED, or by a hypervisor that failed before completed";
        if (owner is not null && witness && !owner.HasLock) return "an owner takes the disk's lock before the guest runs";
        if (host.Version != acked) return "S3: the copy lacks writes of the guest";
        if (hosts.Values.Any(h => h.Copy == Copy.Running)) return "S1: it runs already";
        host.Copy = Copy.Running;
        host.Epoch = owner?.Epoch ?? resolved?.ResolvedEpoch ?? host.Epoch;
        return null;
    }

    // An agent ends a copy: its own host's word or an order must allow it.
    private string? Destroy(int number)
    {
        var host = At(number);
        if (host.Copy is Copy.Paused or Copy.Running)
        {
            var released = attempts.Exists(a => a.Source == number && a.SourceWord == Word.Released);
            var asked = attempts.Exists(a => a.Destination == number && a.DestinationWord == Word.Prepared && (IsAskedToRefuse(a) || NewerPrepSent(number, a.Epoch)));
            var debt = attempts.Exists(a => a.Source == number && a.SourceWord == Word.Intent && NewerPrepSent(number, a.Epoch));
            if (stops.Contains((number, host.Epoch)))
            {
                host.Copy = Copy.None;
                return null;
            }

            if (host.Copy == Copy.Running && !released) return "S2: a running guest is not killed";
            // Spoiled on the way: no copy of anything.
            if (host.Version < 0) released = true;
            if (!released && !asked && !debt) return "S2: a complete copy is killed only after RELEASED, when asked to refuse, or as a debt";
        }

        host.Copy = Copy.None;
        return null;
    }

    // A resolution to start again from the disk.
    private string? FromDisk(TwinAttempt a, int number)
    {
        if (!a.IsResolved) return "2.5: only a person starts it from its disk";
        var host = At(number);
        (host.Version, host.Copy) = (acked, Copy.Paused);
        return null;
    }

    private string? Crash(int number)
    {
        foreach (var a in attempts.Where(a => a.Source == number)) a.Knows = Knows.Nothing;
        return null;
    }

    private string? LoseHost(int number)
    {
        At(number).Copy = Copy.None;
        foreach (var a in attempts)
        {
            if (a.Source == number && a.Phase != Phase.Copying) a.Phase = Phase.Gone;
            if (a.Source == number) a.IsSourceOff |= a.IsSourceWrittenOff;
        }

        return Crash(number);
    }

    private string? LoseJournal(int number)
    {
        At(number).Highest = 0;
        foreach (var a in attempts)
        {
            if (a.Source == number) a.SourceWord = Word.None;
            if (a.Destination == number) a.DestinationWord = Word.None;
        }

        return Die(number);
    }

    private string? Die(int number)
    {
        At(number).IsMute = true;
        return null;
    }

    private static string? Fence(TwinAttempt a)
    {
        if (a.Status != LogStatus.Cancelling || !a.Sent(Message.Held)) return "2.5: the source promises to hold before the destination is fenced";
        a.IsFenced = true;
        return null;
    }

    private string? SwitchOff(TwinAttempt a, int number)
    {
        if (!a.IsFenced || number != a.Destination) return "2.5: only a fenced host is switched off";
        return LoseHost(number);
    }

    // A word that counts only once it is true.
    private string? WriteOff(TwinAttempt a, int number)
    {
        var isOff = At(number).Copy == Copy.None;
        if (number == a.Source)
        {
            a.IsSourceWrittenOff = true;
            a.IsSourceOff |= isOff;
        }
        else
        {
            a.IsDestinationOff |= isOff;
        }

        return null;
    }
}
