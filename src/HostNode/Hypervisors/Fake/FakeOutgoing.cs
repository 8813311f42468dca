using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Fake;

/// <summary>One outgoing transfer: rounds until told to stop, then the pause, the last bytes and their acknowledgement. A thread of its own.</summary>
internal sealed class FakeOutgoing : IDisposable
{
    private static readonly ByteRate Bandwidth = ByteRate.FromMebi(1024);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);
    private readonly FakeGuest _guest;
    private readonly StartOutgoing _command;
    private readonly FakeDriverServices _services;
    private readonly List<RoundFacts> _rounds = [];
    private readonly ManualResetEventSlim _hurry = new();
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private Stream? _stream;
    private volatile bool _stop;
    private volatile bool _abort;
    private volatile MigrateOut _plan;

    public FakeOutgoing(FakeGuest guest, StartOutgoing command, FakeDriverServices services)
    {
        (_guest, _command, _services, _plan) = (guest, command, services, command.Plan);
        _thread = new Thread(Run) { IsBackground = true, Name = $"fake out {guest.Vm}" };
    }

    public MigrationId Migration => _command.Plan.Migration;

    public bool Runs => _thread.IsAlive;

    public void Start() => _thread.Start();

    public void Update(MigrateOut plan) => _plan = plan;

    public void StopAndCopy()
    {
        _stop = true;
        _hurry.Set();
    }

    /// <summary>Ends it wherever it is; the thread tells how it ended.</summary>
    public void Abort()
    {
        _abort = true;
        _hurry.Set();
        lock (_lock) _stream?.Dispose();
        _thread.Join();
    }

    public void Dispose()
    {
        if (_thread.IsAlive) Abort();
        _hurry.Dispose();
    }

    private void Run()
    {
        try
        {
            Connect();
            PreCopy();
            Finish();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException or InvalidOperationException)
        {
            Failed(_abort ? "aborted" : e.Message);
        }
        finally
        {
            lock (_lock) _stream?.Dispose();
        }
    }

    private void Connect()
    {
        var hello = new PeerHello(_guest.Vm, Migration, _plan.Epoch, "memory", 0, 1, _command.Link);
        var stream = _services.Peers.Connect(_plan.Destination, _plan.Endpoint, hello, ConnectWithin);
        lock (_lock) _stream = stream;
        if (_abort) throw new IOException("aborted");
    }

    private void PreCopy()
    {
        var round = _command.Resume ? _guest.Read()?.Rounds ?? 0 : 0;
        while (!_stop)
        {
            var script = _services.Script();
            _hurry.Wait(script.RoundMs);
            if (_abort) throw new IOException("aborted");
            round++;
            if (round == script.FailAtRound) throw new IOException("scripted fault in round " + round);
            var state = _guest.Change(guest => guest is null ? null : guest with { Rounds = round }) ?? throw new IOException("the guest is gone");
            new FakeFrame(FakeFrame.Round, state.CounterAt(_services.Clock.GetUtcNow()), null).Write(_stream!);
            Report(round, script, state.Spec.Memory);
        }
    }

    private void Report(int round, FakeScript script, ByteCount memory)
    {
        var sent = round == 1 ? memory : ByteCount.FromMebi(16);
        _rounds.Add(new RoundFacts(round, sent, TimeSpan.FromMilliseconds(script.RoundMs), Dirty(round, script), Bandwidth, ByteRate.FromMebi(1), 0));
        var forecast = ConvergenceRule.Decide(_rounds, _plan.Policy, ByteCount.Zero, TimeSpan.FromMilliseconds(0.1));
        _services.Sink.Post(new OutgoingRound(_guest.Vm, Migration, _rounds[^1], forecast));
    }

    // Above the limit until the scripted round, shrinking fast enough not to count as stuck; with 0 rounds it never shrinks.
    private ByteCount Dirty(int round, FakeScript script)
    {
        if (script.Rounds > 0 && round >= script.Rounds) return ByteCount.FromMebi(1);
        var limit = Bandwidth.Value * (_plan.Policy.MaxBlackoutMs / 1000.0);
        return new ByteCount((long)(limit * (script.Rounds == 0 ? 4 : Math.Pow(1.25, script.Rounds - round))));
    }

    private void Finish()
    {
        var clock = _services.Clock;
        var paused = _guest.Change(guest => guest?.Pause(Migration, clock.GetUtcNow())) ?? throw new IOException("the guest is gone");
        _services.Sink.Post(new OutgoingPaused(_guest.Vm, Migration, paused.PausedAt!.Value));
        var script = _services.Script();
        if (script.FinalMs > 0) clock.Delay(script.FinalMs, () => _abort);
        if (script.FailFinal is { } reason) throw new IOException(reason);
        new FakeFrame(FakeFrame.Last, paused.Counter, paused.Digest).Write(_stream!);
        if (FakeFrame.Read(_stream!) is not { Kind: FakeFrame.Loaded }) throw new IOException("the destination did not acknowledge the last bytes");
        _guest.Change(guest => guest is null ? null : guest with { State = GuestRunState.Completed });
        Completed(paused);
    }

    private void Completed(FakeGuestState paused) => _services.Sink.Post(OutcomeOf(paused with { State = GuestRunState.Completed }, Migration, ""));

    private void Failed(string reason)
    {
        var script = _services.Script();
        var state = _guest.Change(guest => script.ResumesItself && guest is { State: GuestRunState.Paused } ? guest.Run(guest.Epoch, _services.Clock.GetUtcNow()) : guest);
        _services.Sink.Post(OutcomeOf(state, Migration, reason) with { Vm = _guest.Vm });
    }

    /// <summary>What the guest's state says of a transfer that is over, also to an agent that did not run it.</summary>
    public static HypervisorEvent OutcomeOf(FakeGuestState? guest, MigrationId migration, string reason)
    {
        if (guest is not { State: GuestRunState.Completed }) return new OutgoingFailed(guest?.Vm ?? default, migration, reason, guest is { State: GuestRunState.Running });
        var stats = new TransferStats(guest.Spec.Memory, ByteCount.Zero, guest.Rounds, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
        return new OutgoingCompleted(guest.Vm, migration, guest.Digest, stats, guest.PausedAt ?? default);
    }
}
