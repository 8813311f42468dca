namespace Simulator.Conformance;

/// <summary>The destination's agent (spec/dest.inc).</summary>
public sealed partial class HandoffTwin
{
    private string? WriteAtDestination(TwinAttempt a, ModelStep step)
    {
        var host = At(step.Host);
        if (host.IsMute) return "R10: an agent without its journal is silent";
        if (a.Destination != step.Host) return "R3: only the destination named in the token speaks for it";
        return step.Kind switch
        {
            StepKind.Prepared => Prepare(a, host),
            StepKind.Owned => Own(a, host),
            StepKind.Refused => Refuse(a, host),
            _ => TakeLock(a, host),
        };
    }

    private string? Prepare(TwinAttempt a, TwinHost host)
    {
        if (!a.Sent(Message.Prep) || a.DestinationWord != Word.None) return "PREPARED is written once, and when PREP was sent";
        if (host.Highest >= a.Epoch) return "R3: a lower epoch starts nothing";
        if (host.Copy != Copy.None || attempts.Exists(o => o != a && ((o.Destination == a.Destination && o.DestinationWord == Word.Prepared) || (o.Source == a.Destination && o.SourceWord == Word.Intent))))
            return "R9: every debt below this epoch is settled first";
        host.Highest = a.Epoch;
        host.Copy = Copy.Partial;
        a.DestinationWord = Word.Prepared;
        return null;
    }

    private static string? Own(TwinAttempt a, TwinHost host)
    {
        if (a.DestinationWord != Word.Prepared || host.Copy != Copy.Paused) return "R7: OWNED needs the copy loaded";
        if (!a.Sent(Message.Commit) && !a.Sent(Message.GoForward)) return "R7: OWNED needs COMMIT or GoForward";
        if (host.Highest != a.Epoch) return "R3: a lower epoch starts nothing";
        a.DestinationWord = Word.Owned;
        return null;
    }

    private static string? Refuse(TwinAttempt a, TwinHost host)
    {
        switch (a.DestinationWord)
        {
            case Word.None when IsAskedToRefuse(a) || a.Sent(Message.Prep) || a.Sent(Message.GoForward):
                host.Highest = Math.Max(host.Highest, a.Epoch);
                break;
            case Word.Prepared when host.Copy == Copy.None:
                break;
            case Word.Prepared:
                return "R7: the process is seen dead before REFUSED";
            default:
                return $"REFUSED after {(a.DestinationWord == Word.None ? "nothing was asked" : a.DestinationWord)}";
        }

        a.DestinationWord = Word.Refused;
        return null;
    }

    private string? TakeLock(TwinAttempt a, TwinHost host)
    {
        if (!witness || a.DestinationWord != Word.Owned || host.Copy != Copy.Paused || host.Highest != a.Epoch) return "only an owner takes the disk's lock";
        a.HasLock = true;
        return null;
    }

    private static bool IsAskedToRefuse(TwinAttempt a) => a.Sent(Message.RefuseOrder) || a.Sent(Message.RefuseDirect) || a.Sent(Message.AbortToDestination);

    // What a destination says follows from its journal (R2).
    private string? SayAtDestination(TwinAttempt a, Message message)
    {
        var host = At(a.Destination);
        if (host.IsMute) return "R10: an agent without its journal is silent";
        return message switch
        {
            Message.Ready => Unless(a.DestinationWord == Word.Prepared, "READY is said by a prepared destination"),
            Message.OwnedToSource or Message.OwnedToLog => Unless(a.DestinationWord == Word.Owned && (!witness || a.HasLock), "R2: OWNED is said when it is in the journal"),
            _ => Unless(a.DestinationWord == Word.Refused, "R2: REFUSED is said when it is in the journal"),
        };
    }

    private string? Send(TwinAttempt a, Message message)
    {
        // Said before: a repeat.
        if (a.Sent(message)) return null;
        var refused = message switch
        {
            Message.State => Unless(a.Phase == Phase.Left, "the bytes leave after the pause"),
            Message.Ack => Unless(a.DestinationWord == Word.Prepared && At(a.Destination).Copy != Copy.Partial, "the acknowledgement follows the last byte"),
            Message.Commit or Message.CommitCopy or Message.RefuseDirect or Message.AskCoordinator or Message.Rejected or Message.Released or Message.Gone or Message.Held => SayAtSource(a, message),
            Message.Ready or Message.OwnedToSource or Message.OwnedToLog or Message.RefusedToSource or Message.RefusedToLog => SayAtDestination(a, message),
            _ => Say(a, message),
        };
        if (refused is null) a.Send(message);
        return refused;
    }
}
