using System.Diagnostics;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;

namespace HostNode.Engine.Transfer;

/// <summary>
/// A guest's way out: rounds until told to stop the guest, then the rest, then both sides' digest. Owns neither guest nor tracker.
/// <code>
/// arm → round 1: all data → probe → [ peek, decide → harvest → round n ]* → stop → pause → harvest → rest → End → EndAck
///                                    ▲ a broken link is opened again with a higher number; acknowledged chunks are not sent again
/// </code>
/// </summary>
public sealed class OutgoingTransfer(
    OutgoingOptions options, GuestMemory guest, IDirtyTracker tracker, IOutgoingHost host, TimeProvider clock)
{
    private readonly object _gate = new();
    private readonly PageSource _source = new(guest);
    private readonly RateLimiter _limiter = new();
    private readonly BandwidthMeter _bandwidth = new(ConvergenceRule.SmallestMeasuredRound);
    private readonly InFlight[] _inFlight = [.. Enumerable.Range(0, options.Streams).Select(_ => new InFlight(guest.Owed))];
    private OutgoingLink? _link;
    private long _nextLink = options.FirstLink;
    private long _sentBefore;
    private int _throttle;
    private bool _stop;
    private string? _abort;
    private bool _changed;
    private bool _probed;

    /// <summary>Bytes of frames so far, all links.</summary>
    public ByteCount Sent => new(Interlocked.Read(ref _sentBefore) + (Volatile.Read(ref _link)?.Sent ?? 0));

    /// <summary>Bytes still owed to the destination.</summary>
    public ByteCount Remaining => new(guest.Owed.Count() * PageBitmap.PageSize);

    /// <summary>Upper bound of all streams together; null for none. At any time.</summary>
    public void LimitBandwidth(ByteRate? limit) => _limiter.SetLimit(limit?.Value ?? 0);

    /// <summary>Stop the guest at the next round boundary. At any time.</summary>
    public void StopAndCopy() => Signal(() => _stop = true);

    /// <summary>Decide again soon: the policy changed. At any time.</summary>
    public void Reconsider() => Signal(() => _changed = true);

    /// <summary>Give up unless it is complete already. At any time.</summary>
    public void Abort(string reason)
    {
        Signal(() => _abort ??= reason);
        Volatile.Read(ref _link)?.Fail(new IOException(reason));
    }

    /// <summary>Carries it out on the calling thread. Never throws for the guest's or the link's sake.</summary>
    public TransferOutcome Run()
    {
        var began = Stopwatch.GetTimestamp();
        var paused = false;
        try
        {
            tracker.Arm();
            var round = FirstOwed();
            while (PreCopyRound(ref round))
            {
            }

            return Finish(round, began, ref paused);
        }
        catch (Exception failed) when (failed is IOException or HolderRefusedException or GiveUpException)
        {
            return new TransferOutcome.Failed(_abort ?? failed.Message, paused);
        }
    }

    /// <summary>Closes the link and ends tracking. After <see cref="Run"/>, and apart from it: in the blackout its outcome must not wait for this (20 ms/GiB).</summary>
    public void Close()
    {
        CloseLink();
        try
        {
            tracker.Disarm();
        }
        catch (Exception gone) when (gone is IOException or HolderRefusedException)
        {
            // The guest's process is gone, and its tracking with it.
        }
    }

    private uint FirstOwed()
    {
        if (!options.Resume)
        {
            _source.OweAllData();
            return 1;
        }

        OnLink(link => link.FetchTable(), takeOver: true);
        _source.OweDifferences();
        return _link!.LastRound + 1;
    }

    // One round and its decision. False: the guest is to be stopped now.
    private bool PreCopyRound(ref uint round)
    {
        // Handshakes are no part of what the link carries.
        OnLink(_ => { });
        var began = Stopwatch.GetTimestamp();
        var sentBefore = Sent;
        var number = round;
        var duration = TimeSpan.Zero;
        OnLink(link =>
        {
            link.SendRound(number);
            link.AwaitAcknowledgements();
            duration = Stopwatch.GetElapsedTime(began);
            Probe(link, number);
        });
        _bandwidth.Add(Sent - sentBefore, duration);
        var stopping = IsStopping();
        var dirty = new ByteCount(tracker.Peek());
        var measured = new RoundMeasured(
            (int)number, Sent - sentBefore, duration, dirty, _bandwidth.Rate, ByteRate.Of(dirty, Stopwatch.GetElapsedTime(began)), _throttle, _link!.RoundTrip, Sent);
        if (stopping) return false;
        if (!Decide(host.RoundFinished(measured), duration)) return false;
        tracker.Harvest(guest.Owed);
        round++;
        return true;
    }

    // After the first round both tables must agree although the guest runs: nothing is in flight. Later rounds skip it. Part of the
    // round's own work: on a new link the destination would wait for the ends of a round that came over the old one.
    private void Probe(OutgoingLink link, uint round)
    {
        if (_probed) return;
        link.End(round, FrameFlags.Probe, _source.Table.Digest());
        _probed = true;
    }

    private bool Decide(RoundDecision decision, TimeSpan duration)
    {
        switch (decision)
        {
            case RoundDecision.GiveUp why:
                throw new GiveUpException(why.Reason);
            case RoundDecision.Continue next:
                if (next.ThrottlePercent != _throttle) host.Throttle(_throttle = next.ThrottlePercent);
                Idle(options.ShortestRound - duration);
                return true;
            default:
                // A stop that comes while idling is followed by one more live round: what was dirtied meanwhile stays out of the blackout.
                Idle(options.IdleBetweenRounds);
                return true;
        }
    }

    private TransferOutcome.Completed Finish(uint round, long began, ref bool paused)
    {
        var pausedAt = clock.GetUtcNow();
        var pauseBegan = Stopwatch.GetTimestamp();
        paused = true;
        host.Pause();
        host.Paused(pausedAt);
        tracker.Harvest(guest.Owed);
        var link = _link!;
        link.SendRound(++round);
        if (options.FullVerify && _source.CountDifferences() is var wrong and > 0)
            throw new WireException(WireFault.DigestMismatch, $"{wrong} pages were written without being noted");
        var digest = _source.Table.Digest();
        var resent = link.End(round, options.FullVerify ? FrameFlags.FullVerify : FrameFlags.None, digest);
        var now = Stopwatch.GetTimestamp();
        return new TransferOutcome.Completed(
            PageHashTable.Text(digest), Sent, new ByteCount(resent), (int)round - 1,
            Stopwatch.GetElapsedTime(began, now), Stopwatch.GetElapsedTime(pauseBegan, now), pausedAt);
    }

    // Does something on the link, opening a new one as often as allowed.
    private void OnLink(Action<OutgoingLink> work, bool takeOver = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                work(_link ?? OpenLink(takeOver));
                return;
            }
            catch (IOException broken) when (IsWorthAnother(broken, attempt))
            {
                CloseLink();
                Idle(TimeSpan.FromTicks(Math.Min(options.Backoff.Ticks << (attempt - 1), TimeSpan.TicksPerSecond * 2)), orChange: false);
            }
        }
    }

    private bool IsWorthAnother(IOException broken, int attempt)
    {
        lock (_gate)
        {
            return _abort is null && attempt < options.LinkAttempts && broken is not WireException { IsTransient: false };
        }
    }

    private OutgoingLink OpenLink(bool takeOver)
    {
        var link = new OutgoingLink(options, _source, _limiter);
        Volatile.Write(ref _link, link);
        lock (_gate)
        {
            if (_abort is not null) link.Fail(new IOException(_abort));
        }

        link.Open(options, _nextLink++, takeOver, guest.Memory.Length, _inFlight, host.Connect);
        return link;
    }

    private void CloseLink()
    {
        if (_link is not { } link) return;
        link.Dispose();
        Interlocked.Add(ref _sentBefore, link.Sent);
        Volatile.Write(ref _link, null);
    }

    private bool IsStopping()
    {
        lock (_gate)
        {
            if (_abort is not null) throw new GiveUpException(_abort);
            return _stop;
        }
    }

    private void Idle(TimeSpan time, bool orChange = true)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        lock (_gate)
        {
            while (_abort is null && !(orChange && (_stop || _changed)))
            {
                var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until);
                if (left <= TimeSpan.Zero) break;
                Monitor.Wait(_gate, left + TimeSpan.FromMilliseconds(1));
            }

            _changed = false;
            if (_abort is not null) throw new GiveUpException(_abort);
        }
    }

    private void Signal(Action set)
    {
        lock (_gate)
        {
            set();
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class GiveUpException(string reason) : Exception(reason);
}
