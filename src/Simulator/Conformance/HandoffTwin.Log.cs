namespace Simulator.Conformance;

/// <summary>The coordinators (spec/coord.inc).</summary>
public sealed partial class HandoffTwin
{
    // The source's host is off: by its own word, or by the power device, which knows nothing of its journal.
    private bool IsOff(TwinAttempt a) => a.Sent(Message.Gone) || a.IsSourceOff || (At(a.Source).Copy == Copy.None && a.SourceWord != Word.Released);

    // 2.6: source off, and proof that the loaded copy is the last word.
    private bool HasProof(TwinAttempt a) => (a.CommitSeen && IsOff(a)) || (guarded && a.Sent(Message.Gone));

    // What a host said may not have arrived: a person who writes it off gives that up too.
    private bool MayGiveUp(TwinAttempt a) => IsOff(a) && !a.CommitSeen && (guarded ? At(a.Source).IsMute || a.IsSourceOff : true);

    private string? Log(TwinAttempt a, LogStatus next)
    {
        var refused = next switch
        {
            LogStatus.Started => Start(a),
            LogStatus.Granted => Unless(a.Status == LogStatus.Started && a.Sent(Message.Ready), "GRANTED follows STARTED and needs READY"),
            LogStatus.Cancelling => Unless(a.Status == LogStatus.Granted, "CANCELLING follows GRANTED"),
            LogStatus.Forward => Unless(IsOpen(a) && HasProof(a), "2.6: GoForward needs the source off and proof that the loaded copy is the last word"),
            LogStatus.Completed => Unless((IsOpen(a) || a.Status == LogStatus.Forward) && (a.Sent(Message.OwnedToLog) || a.Sent(Message.Released)), "COMPLETED needs OWNED or RELEASED"),
            LogStatus.Aborted => Abort(a),
            LogStatus.Lost => Lose(a),
            LogStatus.Held => Unless(a.Status == LogStatus.Cancelling && a.Sent(Message.Held) && At(a.Destination).Copy == Copy.None, "2.5: HELD needs the source's promise and the destination off"),
            _ => "no such status",
        };
        if (refused is not null) return refused;
        a.Become(next);
        if (next == LogStatus.Completed) home = a.Destination;
        return null;
    }

    private static bool IsOpen(TwinAttempt a) => a.Status is LogStatus.Granted or LogStatus.Cancelling;

    // R9: the attempt before is terminal, and the host that holds the VM has attested.
    private string? Start(TwinAttempt a)
    {
        if (a.Status != LogStatus.None) return "S4: an attempt starts once";
        if (a.Source != home) return "R9: an attempt starts where the VM is";
        var before = attempts.FindLast(b => b.Status != LogStatus.None && b.Epoch < a.Epoch);
        return before is null ? null : Unless(
            before.Status switch
            {
                LogStatus.Aborted => before.Sent(Message.Rejected) || !before.Was(LogStatus.Granted) || placed > before.Epoch,
                LogStatus.Completed => before.Sent(Message.OwnedToLog) || placed > before.Epoch,
                LogStatus.Lost or LogStatus.Held => placed > before.Epoch,
                _ => false,
            },
            "R9: the next attempt starts when this one is over and the VM's host has attested");
    }

    private string? Abort(TwinAttempt a) => a.Status switch
    {
        LogStatus.Started => null,
        LogStatus.Granted or LogStatus.Cancelling => Unless(
            a.Sent(Message.RefusedToLog) || a.Sent(Message.Rejected) || (a.IsFenced && witness && !a.HasLock), "R8: a grant ends by the word of a host"),
        _ => "S4: one terminal event, and ABORTED follows no GoForward",
    };

    private string? Lose(TwinAttempt a) => Unless(
        (a.Status == LogStatus.Forward && a.Sent(Message.RefusedToLog))
            || (a.Status == LogStatus.Cancelling && a.IsFenced && witness && a.HasLock)
            || ((IsOpen(a) || a.Status == LogStatus.Forward) && IsOff(a) && a.IsDestinationOff),
        "LOST needs REFUSED after GoForward, a fenced owner, or both hosts off for good");

    private static string? SeeCommit(TwinAttempt a)
    {
        if (!a.Sent(Message.CommitCopy)) return "CommitSeen without COMMIT";
        // After the end it changes nothing.
        if (!a.IsOver) a.CommitSeen = true;
        return null;
    }

    // S5
    private static string? Close(TwinAttempt a)
    {
        var source = a.Sent(Message.Rejected) || a.Sent(Message.Released) || a.IsSourceOff;
        var refused = a.Sent(Message.RefusedToLog) || a.IsDestinationOff;
        a.IsClosed = true;
        return a.Status switch
        {
            LogStatus.Completed => Unless((a.Sent(Message.Released) || a.IsSourceOff) && (a.Sent(Message.OwnedToLog) || a.IsDestinationOff), "S5: COMPLETED is closed by RELEASED and OWNED"),
            LogStatus.Aborted => Unless((a.Sent(Message.Rejected) || a.IsSourceOff) && refused, "S5: ABORTED is closed by REJECTED and REFUSED"),
            LogStatus.Lost => Unless(source && refused, "S5: LOST is closed by both hosts' words"),
            LogStatus.Held => Unless(source && (a.IsResolved || a.IsDecided), "S5: HELD is closed by its resolution"),
            _ => "S5: Closed follows a terminal event",
        };
    }

    // What leaves a coordinator follows from the log (R4).
    private string? Say(TwinAttempt a, Message message)
    {
        a.GaveUp |= MayGiveUp(a);
        return message switch
        {
            Message.Begin or Message.Prep => Unless(a.Was(LogStatus.Started), "R2: nothing is said before STARTED is in the log"),
            Message.Grant => Unless(a.Was(LogStatus.Granted), "R2: no grant leaves before GRANTED is in the log"),
            Message.GiveBack => Unless(a.Was(LogStatus.Cancelling), "the grant is asked back only after CANCELLING"),
            Message.RefuseOrder => Unless(
                (a.Was(LogStatus.Granted) && (a.Sent(Message.AskCoordinator) || a.GaveUp)) || a.Was(LogStatus.Lost), "R8: the destination is asked to refuse only if the source asked, or is off without proof"),
            Message.GoForward => Unless(a.Was(LogStatus.Forward), "R2: nothing goes forward before GOFORWARD is in the log"),
            Message.DoneToSource => Unless(a.Was(LogStatus.Completed) || a.Was(LogStatus.Lost) || a.IsDecided, "the source is told to release only after COMPLETED, LOST or a resolution"),
            Message.AbortToSource => Unless(a.Was(LogStatus.Aborted) || a.Was(LogStatus.Lost), "the source is told the verdict only when it is in the log"),
            Message.AbortToDestination => Unless(a.Was(LogStatus.Aborted), "the destination is told the verdict only when it is in the log"),
            Message.Hold => Unless(a.Was(LogStatus.Cancelling), "HOLD follows CANCELLING"),
            _ => Unless(a.Was(LogStatus.Held), "a resolution follows HELD"),
        };
    }
}
