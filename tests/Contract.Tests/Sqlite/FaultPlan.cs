namespace Contract.Tests.Sqlite;

/// <summary>How the chosen call goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The call does nothing and reports an I/O error.</summary>
    Refused,

    /// <summary>A write stores its first half only and reports an I/O error; other calls as <see cref="Refused"/>.</summary>
    Torn,

    /// <summary>The call does its work and reports an I/O error all the same.</summary>
    DoneButFailed,

    /// <summary>The disk is full from the chosen write on, until the fault is lifted. Only writes are counted.</summary>
    DiskFull,

    /// <summary>The machine stops: the chosen call and all after it fail and do nothing, and what was not flushed may be gone.</summary>
    PowerLoss,

    /// <summary>Files can be opened for reading only. Nothing is counted.</summary>
    ReadOnly,
}

/// <summary>What becomes of one call.</summary>
public enum CallFate
{
    Proceed,
    Fail,
    Tear,
    ProceedThenFail,
}

/// <summary>Counts the calls SQLite makes to its file layer and spoils one: what <see cref="FaultyVfs"/> asks.</summary>
public sealed class FaultPlan(FaultKind kind, int failingCall)
{
    private readonly Lock _gate = new();
    private int _calls;
    private bool _stopped;
    private bool _lifted;

    public FaultKind Kind => kind;

    /// <summary>Whether the chosen call was reached.</summary>
    public bool Fired { get; private set; }

    /// <summary>The spoiled call, for messages.</summary>
    public string FiredAt { get; private set; } = "nothing";

    /// <summary>What a power loss would take.</summary>
    public UnflushedWrites Unflushed { get; } = new();

    public bool Stopped
    {
        get
        {
            lock (_gate) return _stopped;
        }
    }

    /// <summary>From here on every call fails and does nothing, as after a kill: what closing would do does not happen.</summary>
    public void Stop()
    {
        lock (_gate) _stopped = true;
    }

    /// <summary>The disk has space again.</summary>
    public void Lift()
    {
        lock (_gate) _lifted = true;
    }

    /// <summary>Asked before each call.</summary>
    public CallFate Next(string call)
    {
        lock (_gate)
        {
            if (_stopped) return CallFate.Fail;
            if (kind == FaultKind.ReadOnly || (kind == FaultKind.DiskFull && (_lifted || call != "write"))) return CallFate.Proceed;
            _calls++;
            var chosen = kind == FaultKind.DiskFull ? _calls >= failingCall : _calls == failingCall;
            return chosen ? Spoil(call) : CallFate.Proceed;
        }
    }

    private CallFate Spoil(string call)
    {
        if (!Fired) FiredAt = $"call {_calls} ({call})";
        Fired = true;
        _stopped = kind == FaultKind.PowerLoss;
        return kind switch
        {
            FaultKind.Torn when call == "write" => CallFate.Tear,
            FaultKind.DoneButFailed => CallFate.ProceedThenFail,
            _ => CallFate.Fail,
        };
    }
}
