namespace Simulator.Conformance;

/// <summary>The source's agent (spec/source.inc).</summary>
public sealed partial class HandoffTwin
{
    private string? WriteAtSource(TwinAttempt a, ModelStep step)
    {
        var host = At(step.Host);
        if (host.IsMute) return "R10: an agent without its journal is silent";
        if (a.Source != step.Host) return "R3: only the source named in the token speaks for it";
        return step.Kind switch
        {
            StepKind.Begun => Begin(a, host),
            StepKind.Intent => Intend(a, host),
            StepKind.Rejected => Reject(a, host),
            StepKind.Released => Release(a),
            StepKind.Held => Promise(a, host),
            _ => Resolve(a, host),
        };
    }

    private string? Begin(TwinAttempt a, TwinHost host)
    {
        if (!a.Sent(Message.Begin) || a.SourceWord != Word.None) return "BEGIN is accepted once, and when it was sent";
        if (host.Highest >= a.Epoch) return "R3: a lower epoch starts nothing";
        if (host.Copy is not (Copy.Running or Copy.None)) return "R9: BEGIN needs the guest running here";
        if (attempts.Exists(o => o != a && o.Source == a.Source && o.SourceWord == Word.Intent)) return "R9: BEGIN is refused while an INTENT is open";
        host.Highest = a.Epoch;
        return null;
    }

    private static string? Intend(TwinAttempt a, TwinHost host)
    {
        if (!a.Sent(Message.Grant)) return "INTENT needs the grant";
        if (host.Highest != a.Epoch) return "R3: a lower epoch starts nothing";
        if (a.SourceWord != Word.None || host.Copy != Copy.Running) return "INTENT is written once, while the guest runs here";
        a.SourceWord = Word.Intent;
        a.Knows = Knows.Unsent;
        return null;
    }

    private static string? Reject(TwinAttempt a, TwinHost host)
    {
        switch (a.SourceWord)
        {
            case Word.None when a.Sent(Message.Begin) || a.Sent(Message.Grant) || a.Sent(Message.GiveBack) || a.Sent(Message.AbortToSource):
                // Nothing was promised: always its right, once it has heard of the attempt.
                host.Highest = Math.Max(host.Highest, a.Epoch);
                break;
            case Word.Intent when host.Copy != Copy.None && (a.Phase is Phase.Copying or Phase.Failed || (a.Phase == Phase.Completed && a.Knows == Knows.Unsent)):
                // R6: COMMIT cannot have left.
                break;
            case Word.Intent when (a.Sent(Message.RefusedToSource) || a.Sent(Message.AbortToSource)) && a.Phase is not (Phase.Stopped or Phase.Left):
                break;
            case Word.Intent:
                return "R6: the source never resumes alone once COMMIT may have left, and not while its hypervisor may still complete";
            default:
                return $"REJECTED after {(a.SourceWord == Word.None ? "nothing was asked" : a.SourceWord)}";
        }

        a.SourceWord = Word.Rejected;
        a.Knows = Knows.Nothing;
        return null;
    }

    private string? Release(TwinAttempt a)
    {
        if (a.SourceWord != Word.Intent) return $"RELEASED after {a.SourceWord}";
        if (!(a.Sent(Message.OwnedToSource) && !a.IsHeld) && !a.Sent(Message.DoneToSource) && !NewerPrepSent(a.Source, a.Epoch)) return "RELEASED needs OWNED (and no promise to hold), or the coordinator's word";
        a.SourceWord = Word.Released;
        a.Knows = Knows.Nothing;
        return null;
    }

    private static string? Promise(TwinAttempt a, TwinHost host)
    {
        if (!a.Sent(Message.Hold) || a.SourceWord != Word.Intent || a.Phase != Phase.Completed || a.Knows == Knows.Unsent || host.Copy != Copy.Paused)
            return "2.5: only a source that may have sent COMMIT, and was asked, promises to hold";
        a.IsHeld = true;
        return null;
    }

    private static string? Resolve(TwinAttempt a, TwinHost host)
    {
        if (!a.Sent(Message.Resolution) || a.SourceWord != Word.Intent || a.Phase is Phase.Stopped or Phase.Left) return "2.5: a resolution needs a person's word and an open INTENT";
        if (host.Highest > a.Epoch) return "R3: a lower epoch starts nothing";
        host.Highest = a.ResolvedEpoch = a.Epoch + 1;
        a.SourceWord = Word.Rejected;
        a.Knows = Knows.Nothing;
        a.IsResolved = true;
        return null;
    }

    // What a source says follows from its journal, and from what its hypervisor did.
    private string? SayAtSource(TwinAttempt a, Message message)
    {
        var host = At(a.Source);
        if (host.IsMute) return "R10: an agent without its journal is silent";
        switch (message)
        {
            case Message.Commit when a.SourceWord != Word.Intent || a.Phase != Phase.Completed || a.Knows != Knows.Unsent || host.Copy != Copy.Paused:
                return "R6: COMMIT leaves once, after the source's hypervisor said completed";
            case Message.Commit:
                a.Knows = Knows.Sent;
                return null;
            case Message.CommitCopy:
                return Unless(a.Sent(Message.Commit), "the copy of COMMIT goes with COMMIT");
            case Message.RefuseDirect or Message.AskCoordinator:
                return Unless(
                    a.SourceWord == Word.Intent && a.Phase == Phase.Completed && a.Knows != Knows.Unsent && host.Copy == Copy.Paused,
                    "the destination is asked only when COMMIT may have left, and never by a host that lost its copy");
            case Message.Rejected:
                return Unless(a.SourceWord == Word.Rejected && (host.Copy != Copy.Paused || IsOfNewer(a)), "REJECTED is attested when it is in the journal and the guest runs, or is gone");
            case Message.Released:
                return Unless(a.SourceWord == Word.Released, "R2: RELEASED is said when it is in the journal");
            case Message.Gone:
                return Unless(a.SourceWord == Word.Intent && host.Copy == Copy.None, "only a host with INTENT and without its copy says that it is gone");
            default:
                return Unless(a.SourceWord == Word.Intent && a.IsHeld, "R2: the promise to hold is said when it is in the journal");
        }
    }

    // The stopped copy at the source belongs to a later attempt: it leaves again or has left, or it has come back (which takes a third attempt, so the model has no such step).
    private bool IsOfNewer(TwinAttempt a) => attempts.Exists(b =>
        b.Epoch > a.Epoch && ((b.Source == a.Source && b.SourceWord is (Word.Intent or Word.Released)) || (b.Destination == a.Source && b.DestinationWord is (Word.Prepared or Word.Owned))));
}
