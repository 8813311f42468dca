using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Transfer;

namespace HostNode.Hypervisors.Native;

/// <summary>One guest on its way out: the engine's transfer on a thread of its own, its progress as events.</summary>
internal sealed class OutgoingRun : IOutgoingHost, IDisposable
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(250);

    private readonly StartOutgoing _order;
    private readonly GuestLink _guest;
    private readonly GuestMemory _memory;
    private readonly IDirtyTracker _tracker;
    private readonly IHypervisorSink _sink;
    private readonly IPeerConnector _peers;
    private readonly OutgoingTransfer _transfer;
    private readonly RoundJudge _judge = new();
    private readonly Thread _thread;
    private readonly Timer _samples;
    private volatile MigrateOut _plan;
    private volatile HypervisorEvent? _last;
    private volatile RoundMeasured? _round;
    private volatile bool _ended;

    public OutgoingRun(StartOutgoing order, GuestLink guest, long departures, GuestMemory memory, IDirtyTracker tracker, NativeParts parts)
    {
        (_order, _guest, _memory, _tracker, _sink, _peers, _plan) = (order, guest, memory, tracker, parts.Sink, parts.Peers, order.Plan);
        var options = new OutgoingOptions
        {
            Attempt = order.Plan.Migration.Value,
            Streams = order.Plan.Policy.Streams,

            // Both only grow, so the first link is higher than any of an agent before us; links opened by ourselves count on from it.
            FirstLink = (order.Link + departures) << 20,
            LinkAttempts = parts.Options.LinkAttempts,
            Resume = order.Resume,
            FullVerify = order.Plan.Policy.Verify == "full",
        };
        _transfer = new OutgoingTransfer(options, memory, tracker, this, parts.Clock);
        _transfer.LimitBandwidth(order.Plan.Policy.MaxBandwidth);
        _thread = new Thread(Run) { IsBackground = true, Name = "outgoing-" + order.Vm.Value };
        _samples = new Timer(_ => Sample(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Coordinator.Shared.Identity.MigrationId Migration => _order.Plan.Migration;

    public long Link => _order.Link;

    public bool HasEnded => _ended;

    /// <summary>The newest event of this run, to be repeated for a repeated command; null before the first round.</summary>
    public HypervisorEvent? Last => _last;

    public void Start()
    {
        _thread.Start();
        _samples.Change(SampleEvery, SampleEvery);
    }

    public void Update(MigrateOut plan)
    {
        _plan = plan;
        _transfer.LimitBandwidth(plan.Policy.MaxBandwidth);
        _transfer.Reconsider();
    }

    public void StopAndCopy() => _transfer.StopAndCopy();

    /// <summary>Gives up unless it is complete, and waits for the end either way.</summary>
    public void Abort(string reason)
    {
        _transfer.Abort(reason);
        Join();
    }

    public void Join() => _thread.Join();

    public void Dispose()
    {
        Abort("the agent ends");

        // Waits for a sample that is being taken: it reads the memory we are about to unmap.
        _samples.DisposeAsync().AsTask().Wait();
        _tracker.Dispose();
        _memory.Dispose();
    }

    Stream IOutgoingHost.Connect(int stream, long link)
    {
        var hello = new PeerHello(_order.Vm, Migration, _order.Plan.Epoch, "memory", stream, _order.Plan.Policy.Streams, link);
        return _peers.Connect(_order.Plan.Destination, _order.Plan.Endpoint, hello, TimeSpan.FromSeconds(10));
    }

    void IOutgoingHost.Pause() => _guest.Ask(new HolderRequest("pause"));

    void IOutgoingHost.Throttle(int percent) => _guest.Ask(new HolderRequest("throttle") { Percent = percent });

    void IOutgoingHost.Paused(DateTimeOffset at) => Post(new OutgoingPaused(_order.Vm, Migration, at));

    RoundDecision IOutgoingHost.RoundFinished(RoundMeasured round)
    {
        _round = round;
        var plan = _plan;
        var (facts, forecast, news) = _judge.Judge(round, plan.Policy, plan.Force);
        if (news) Post(new OutgoingRound(_order.Vm, Migration, facts, forecast));
        return forecast.Verdict switch
        {
            Verdict.Ready or Verdict.Force => new RoundDecision.Ready(),
            Verdict.GiveUp => new RoundDecision.GiveUp(forecast.Reason),
            _ => new RoundDecision.Continue(forecast.ThrottlePercent),
        };
    }

    private void Run()
    {
        HypervisorEvent end;
        try
        {
            end = _transfer.Run() switch
            {
                TransferOutcome.Completed done => Complete(done),
                TransferOutcome.Failed failed => Fail(failed.Reason, failed.GuestPaused),
                _ => throw new InvalidOperationException("an unknown outcome"),
            };
        }
        catch (Exception failed) when (failed is IOException or HolderRefusedException)
        {
            end = Fail(failed.Message, guestPaused: true);
        }

        _samples.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ended = true;
        Post(end);
        _transfer.Close();
    }

    // The holder remembers it, so that an agent after us knows that this copy may not simply go on.
    private OutgoingCompleted Complete(TransferOutcome.Completed done)
    {
        _guest.Ask(new HolderRequest("completed") { Digest = done.Digest, PausedAt = done.PausedAt });
        var stats = new TransferStats(done.Sent, done.Resent, done.Rounds, done.Total, done.Pause);
        return new OutgoingCompleted(_order.Vm, Migration, done.Digest, stats, done.PausedAt);
    }

    private OutgoingFailed Fail(string reason, bool guestPaused)
    {
        var runs = !guestPaused;
        try
        {
            runs = _guest.Status().State == HolderState.Running;
            if (runs) _guest.Ask(new HolderRequest("label"));
        }
        catch (Exception gone) when (gone is IOException or HolderRefusedException)
        {
            runs = false;
        }

        return new OutgoingFailed(_order.Vm, Migration, reason, runs);
    }

    private void Sample()
    {
        if (_ended) return;
        var round = _round;
        _sink.Post(new OutgoingProgress(_order.Vm, new ProgressSample(
            Migration, (round?.Round ?? 0) + 1, _transfer.Sent, _transfer.Remaining, round?.Bandwidth ?? ByteRate.Zero, round?.DirtyRate ?? ByteRate.Zero, round?.ThrottlePercent ?? 0)));
    }

    private void Post(HypervisorEvent happened)
    {
        _last = happened;
        _sink.Post(happened);
    }
}
