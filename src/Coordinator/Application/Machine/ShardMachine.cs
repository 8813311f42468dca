using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>
/// Decides for all shards a node owns. Synchronous and free of I/O: <see cref="Step"/> decides on one input and adds to the batch being
/// built; the node writes <see cref="TakeBatch"/> in one transaction and reports the outcome; only then do the effects come out. So an
/// order, a reply or an acknowledgement cannot leave before the event that justifies it is durable. The same code runs in production
/// and in the simulator.
/// </summary>
/// <remarks>
/// One caller at a time. Never calls out. While a batch is being written the next one may be decided, on states that are not durable yet: it is
/// written only after the first one is, and falls with it.
/// </remarks>
public sealed class ShardMachine
{
    private readonly MachineOptions options;
    private readonly Dictionary<int, ShardOwned> shards = [];
    private readonly Dictionary<string, StreamEntry> streams = [];
    private readonly DueQueue timers = new(entry => ref entry.TimerPlace);
    private readonly DueQueue sendings = new(entry => ref entry.SendingPlace);
    private readonly Dictionary<HostId, HashSet<string>> waitingFor = [];
    private readonly Dictionary<string, (int Shard, string Why)> stopped = [];
    private readonly MachineRouter router;
    private readonly EventEncoder encoder;
    private BatchBuilder batch = new();
    private BatchBuilder? taken;

    public ShardMachine(MachineOptions options)
    {
        this.options = options;
        router = new MachineRouter(options);
        encoder = new EventEncoder(options.CodeVersion);
    }

    /// <summary>Open streams in memory.</summary>
    public int StreamCount => streams.Count;

    /// <summary>Inputs decided on since the last <see cref="TakeBatch"/>.</summary>
    public int Waiting => batch.Inputs.Count;

    public IEnumerable<int> Shards => shards.Keys;

    /// <summary>Event types of these contracts may be decided, no newer ones.</summary>
    public ContractVersion Contracts { get; set; } = ContractVersion.Current;

    /// <summary>Open streams that this version cannot decide for, with why: they hold events of a newer one.</summary>
    public IEnumerable<(string Key, string Why)> Stopped => stopped.Select(s => (s.Key, s.Value.Why));

    public Term TermOf(int shard) => shards.TryGetValue(shard, out var owned) ? owned.Lease.Term : Term.None;

    /// <summary>Events of an owned shard, decided ones included.</summary>
    public long SeqOf(int shard) => shards.TryGetValue(shard, out var owned) ? owned.Seq : 0;

    /// <summary>An open stream as it is decided, durable or not. For reads when nothing waits to be written.</summary>
    public StreamEntry? Find(string key) => streams.GetValueOrDefault(key);

    /// <summary>State of an open stream as the batch that is being written, or was written last, leaves it; null if there is none.</summary>
    public object? FindWritten(string key) => Find(key) is { } entry ? Written(entry).State : null;

    public IEnumerable<StreamEntry> OpenStreams => streams.Values;

    /// <summary>
    /// Begins to own a shard. What its streams have pending is sent at once; a deadline that came due while nobody owned the shard gets
    /// at least one order time-out more (design: rule 15), and one that was set by a clock ahead of ours counts from now. Not while anything
    /// waits to be written.
    /// </summary>
    /// <remarks>A stream with events of a newer version is stopped, and a VM together with its migration: both are decided on at once.</remarks>
    /// <exception cref="CorruptHistoryException">A stream cannot be folded: the shard must not be owned by this code.</exception>
    public void Own(ShardLease lease, IEnumerable<LoadedStream> open, DateTimeOffset now)
    {
        RequireNothingWaits();
        // Owned before and never told that another node had it meanwhile: what memory knows of it is old, closed streams above all.
        if (shards.ContainsKey(lease.Shard)) Drop(lease.Shard);
        shards[lease.Shard] = new ShardOwned(lease);
        foreach (var loaded in open)
        {
            if (Fold(loaded) is not { } entry) continue;
            streams[entry.Key] = entry;
            entry.Deadline = StreamFolding.DeadlineOf(entry);
            if (entry.TimerDue is { } due) timers.Set(entry, Rearmed(due, loaded.Tail is [.., var last] ? last.At : now, now));
            Schedule(entry, now);
            Index(entry, entry.State);
        }

        if (stopped.Count > 0) StopTogether(lease.Shard);
    }

    /// <summary>Stops owning a shard: nothing more of it leaves. Not while anything waits to be written: roll it back or commit it first.</summary>
    public void Drop(int shard)
    {
        RequireNothingWaits();
        shards.Remove(shard);
        foreach (var (key, _) in stopped.Where(s => s.Value.Shard == shard).ToList()) stopped.Remove(key);
        foreach (var entry in streams.Values.Where(s => s.Shard == shard).ToList()) Leave(entry);
    }

    /// <summary>Decides on one input. Its effects come out of <see cref="Committed"/>.</summary>
    public void Step(MachineInput input, DateTimeOffset now)
    {
        batch.Inputs.Add(input);
        var step = new MachineStep(this, input, now);
        router.Route(step, input);
    }

    /// <summary>
    /// Everything decided since the last call, for one transaction; null if nothing needs writing (then call <see cref="Committed"/> for the effects).
    /// One batch at a time: its outcome is told by <see cref="Committed"/> or <see cref="RolledBack"/> before the next one is taken.
    /// </summary>
    public AppendBatch? TakeBatch()
    {
        if (taken is not null) throw new InvalidOperationException("the outcome of the batch taken before is not known yet");
        taken = batch;
        batch = new BatchBuilder();
        return taken.IsEmpty ? null : new AppendBatch([.. taken.Leases.Values], taken.Events, [.. taken.Touched.Select(t => Change(t.Key, t.Value))], [.. taken.Keys.Values]);
    }

    /// <summary>The batch taken is durable: its effects, in order.</summary>
    public IReadOnlyList<MachineEffect> Committed(DateTimeOffset now)
    {
        var done = taken ?? throw new InvalidOperationException("no batch was taken");
        taken = null;
        var effects = new List<MachineEffect>(done.Effects.Count + (done.Events.Count * 2));
        for (var i = 0; i < done.Events.Count; i++) effects.Add(new EventCommitted(done.Committed(i, TermOf(done.Events[i].Shard))));
        foreach (var (entry, before) in done.Touched)
        {
            entry.SnapshotVersion = Math.Max(entry.SnapshotVersion, before.SnapshotTaken);
            var (state, closed) = Written(entry);
            if (closed) Forget(entry, before.State);
            else if (MachineRouter.HostsDiffer(before.State, state)) Reindex(entry, before.State, state);
            SendNew(entry, state, effects, now);
        }

        effects.AddRange(done.Effects);
        return effects;
    }

    /// <summary>
    /// The batch taken was not written, so what was decided since cannot be either. Memory goes back to what is durable, and the inputs of
    /// both are given back: those of shards still owned are to be stepped again, the others get their refusal here.
    /// </summary>
    public IReadOnlyList<MachineInput> RolledBack()
    {
        var (failed, ahead) = (taken ?? new BatchBuilder(), batch);
        taken = null;
        batch = new BatchBuilder();
        Undo(ahead);
        Undo(failed);
        return [.. failed.Inputs, .. ahead.Inputs];
    }

    /// <summary>Timers and sendings that are due. A timer is an input like any other; sendings are effects without a decision.</summary>
    public IReadOnlyList<MachineEffect> Due(DateTimeOffset now)
    {
        while (timers.TryPeek(out var timed, out var due) && due <= now)
        {
            timers.Remove(timed);
            Step(new TimerFired(timed.Key, timed.TimerToken), now);
        }

        if (!sendings.TryPeek(out _, out var first) || first > now) return [];
        List<MachineEffect> effects = [];
        while (sendings.TryPeek(out var entry, out var at) && at <= now)
        {
            sendings.Remove(entry);
            // What is being decided or written is not durable yet: a little later.
            if (IsUnwritten(entry)) Schedule(entry, now + options.SendAgainMin);
            else SendPending(entry, entry.State, effects, now, null);
        }

        return effects;
    }

    /// <summary>When <see cref="Due"/> has something to do next.</summary>
    public DateTimeOffset? NextDue()
    {
        DateTimeOffset? next = timers.TryPeek(out _, out var timer) ? timer : null;
        return sendings.TryPeek(out _, out var sending) && (next is null || sending < next) ? sending : next;
    }

    /// <summary>A host's link stands again: what it has to be told, now.</summary>
    public IReadOnlyList<MachineEffect> SendAll(HostId host, DateTimeOffset now)
    {
        List<MachineEffect> effects = [];
        if (!waitingFor.TryGetValue(host, out var keys)) return effects;
        foreach (var key in keys)
        {
            if (streams.TryGetValue(key, out var entry) && !IsUnwritten(entry)) SendPending(entry, entry.State, effects, now, host);
        }

        return effects;
    }

    /// <summary>
    /// What a process that died may have owed: that a host is written off is told to the shards by a hint only, so whoever takes its
    /// shard over says it again. Hearing it twice changes nothing.
    /// </summary>
    public IReadOnlyList<MachineEffect> Reminders()
    {
        List<MachineEffect> effects = [];
        foreach (var state in streams.Values.Select(entry => entry.State).OfType<HostState>())
        {
            if (state is { WrittenOffReason: not null, Id: { } host }) effects.AddRange(HostHandler.WrittenOffHints(host, options));
        }

        return effects;
    }

    internal MachineOptions Options => options;

    internal BatchBuilder Batch => batch;

    internal EventEncoder Encoder => encoder;

    internal StreamEntry? Owned(string key, int shard) => shards.ContainsKey(shard) ? streams.GetValueOrDefault(key) : null;

    internal bool Owns(int shard) => shards.ContainsKey(shard);

    internal bool IsStopped(string key) => stopped.ContainsKey(key);

    /// <summary>
    /// What is answered for this shard is said as its owner, even if no event comes of it: the store must confirm that first. A node that
    /// was stopped and lost the shard meanwhile would otherwise acknowledge reports which the new owner never heard.
    /// </summary>
    internal void SpeakFor(int shard)
    {
        if (shards.TryGetValue(shard, out var owned)) batch.Lease(owned);
    }

    /// <summary>What a request with this key was answered that is not in the store yet; null if there is none.</summary>
    internal IdempotencyRecord? Unwritten(string principal, string key) =>
        batch.Keys.TryGetValue((principal, key), out var earlier) || taken?.Keys.TryGetValue((principal, key), out earlier) == true ? earlier : null;

    /// <summary>The stream, made if it does not exist.</summary>
    internal StreamEntry Open(string key, int shard, object initial)
    {
        if (streams.TryGetValue(key, out var entry)) return entry;
        entry = new StreamEntry { Key = key, Shard = shard, State = initial };
        batch.Touch(entry, created: true);
        streams.Add(key, entry);
        return entry;
    }

    /// <summary>Adds decided events to the batch and folds them.</summary>
    internal void Append(StreamEntry entry, IReadOnlyList<object> events, MachineStep step)
    {
        if (events.Count == 0) return;
        batch.Touch(entry, created: false);
        var owned = shards[entry.Shard];
        batch.Lease(owned);
        foreach (var happened in events)
        {
            var type = EventCatalog.TypeOf(happened);
            if (type.Since > Contracts) throw new InvalidOperationException($"{type.Name} is of contracts {type.Since}, this store allows {Contracts}: the decider must ask before");
            entry.Version++;
            owned.Seq++;
            var body = encoder.Body(happened, type);
            entry.TailBytes += body.Length;
            batch.Add(new NewEvent(entry.Shard, owned.Seq, entry.Key, entry.Version, type.Name, type.SchemaVersion, step.Now, body, step.Meta()), happened);
            entry.State = StreamFolding.Evolve(entry.State, happened, entry.Version, step.Now);
        }

        entry.Closed = StreamFolding.IsClosed(entry.State);
        Rearm(entry);
    }

    /// <summary>A deadline fired and nothing was decided: look again later.</summary>
    internal void Postpone(StreamEntry entry, DateTimeOffset due)
    {
        batch.Touch(entry, created: false);
        batch.Lease(shards[entry.Shard]);
        entry.TimerDue = due;
        entry.TimerToken++;
        SetTimer(entry);
    }

    // What was decided after the batch was taken is not in it: what it saw first is what the batch left.
    private (object State, bool Closed) Written(StreamEntry entry) =>
        batch.Touched.TryGetValue(entry, out var ahead) ? (ahead.State, ahead.Closed) : (entry.State, entry.Closed);

    private StreamEntry? Fold(LoadedStream loaded)
    {
        try
        {
            return StreamFolding.Fold(loaded);
        }
        catch (UnknownEventException e)
        {
            stopped[loaded.Stream] = (loaded.Shard, e.Message);
            return null;
        }
    }

    private void StopTogether(int shard)
    {
        foreach (var entry in streams.Values.Where(entry => entry.Shard == shard).ToList())
        {
            var other = entry.State switch
            {
                Vm { Migration: { } migration } => migration.StreamKey,
                Planned planned => planned.Plan.Vm.StreamKey,
                _ => "",
            };
            if (!stopped.TryGetValue(other, out var with)) continue;
            stopped[entry.Key] = (shard, $"{other}: {with.Why}");
            Unindex(entry, entry.State);
            Leave(entry);
        }
    }

    private bool IsUnwritten(StreamEntry entry) => batch.Touched.ContainsKey(entry) || taken?.Touched.ContainsKey(entry) == true;

    private void RequireNothingWaits()
    {
        if (taken is not null || batch.Inputs.Count > 0) throw new InvalidOperationException("a batch waits to be written: shards change hands between batches only");
    }

    private void Undo(BatchBuilder undone)
    {
        foreach (var (entry, before) in undone.Touched)
        {
            before.Restore(entry);
            if (before.Created)
            {
                Leave(entry);
                continue;
            }

            // What was due was taken out of the queues for the failed batch: it is due again.
            SetTimer(entry);
            sendings.Set(entry, entry.SendAgainAt);
        }

        foreach (var (shard, lease) in undone.Leases)
        {
            if (shards.TryGetValue(shard, out var owned)) owned.Seq = lease.Seq;
        }
    }

    // A clock that ran an hour ahead when the last event was written set this deadline an hour too far: it is the time between the two that counts.
    private DateTimeOffset Rearmed(DateTimeOffset due, DateTimeOffset last, DateTimeOffset now)
    {
        if (last > now) due -= last - now;
        return due < now + options.SendAgainMax ? now + options.SendAgainMax : due;
    }

    private void Rearm(StreamEntry entry)
    {
        var deadline = entry.Closed ? null : StreamFolding.DeadlineOf(entry);
        if (deadline == entry.Deadline) return;
        entry.Deadline = deadline;
        entry.TimerDue = deadline?.Due;
        entry.TimerToken++;
        SetTimer(entry);
    }

    private StreamChange Change(StreamEntry entry, EntryBefore before)
    {
        ReadOnlyMemory<byte>? snapshot = null;
        // A snapshot is worth its bytes only when it spares reading as many: a pool with thousands of claims is not written each 200 events.
        if (!entry.Closed && entry.Version - entry.SnapshotVersion >= options.SnapshotEvery && entry.TailBytes >= entry.SnapshotBytes)
        {
            snapshot = StreamFolding.Snapshot(entry);
            (entry.SnapshotBytes, entry.TailBytes) = (snapshot.Value.Length, 0);
            before.SnapshotTaken = entry.Version;
        }

        return new StreamChange(entry.Shard, entry.Key, before.Version, entry.Version, entry.Closed, entry.TimerDue, entry.TimerToken, snapshot);
    }

    // After a commit: only what it made new. What was sent before and is still not answered keeps its own time to be sent again.
    private void SendNew(StreamEntry entry, object state, List<MachineEffect> effects, DateTimeOffset now)
    {
        var pending = MachineRouter.PendingMark(state);
        if (pending == entry.Sent) return;
        var before = entry.Sent;
        entry.Sent = pending;
        entry.Sendings = 0;
        SendPending(entry, state, effects, now, null, before.Source);
    }

    private void SendPending(StreamEntry entry, object state, List<MachineEffect> effects, DateTimeOffset now, HostId? only, long newerThan = EvacuationObligations.Everything)
    {
        var any = MachineRouter.Pending(state, entry, options, effects, only, newerThan);
        if (!any || (state is EvacuationState && sendings.Has(entry))) return;
        Schedule(entry, now + Pause(entry.Sendings++));
    }

    private TimeSpan Pause(int sendings)
    {
        var pause = options.SendAgainMin * Math.Pow(4, Math.Min(sendings, 6));
        return pause > options.SendAgainMax ? options.SendAgainMax : pause;
    }

    private void Schedule(StreamEntry entry, DateTimeOffset at)
    {
        entry.SendAgainAt = at;
        sendings.Set(entry, at);
    }

    private void Index(StreamEntry entry, object state)
    {
        foreach (var host in MachineRouter.HostsOf(state))
        {
            if (!waitingFor.TryGetValue(host, out var keys)) waitingFor.Add(host, keys = []);
            keys.Add(entry.Key);
        }
    }

    private void Reindex(StreamEntry entry, object before, object after)
    {
        Unindex(entry, before);
        Index(entry, after);
    }

    private void SetTimer(StreamEntry entry)
    {
        if (entry.TimerDue is { } due) timers.Set(entry, due);
        else timers.Remove(entry);
    }

    // The stream is not ours to decide any more: out of memory and out of the queues.
    private void Leave(StreamEntry entry)
    {
        streams.Remove(entry.Key);
        timers.Remove(entry);
        sendings.Remove(entry);
    }

    private void Forget(StreamEntry entry, object stateBefore)
    {
        Leave(entry);
        Unindex(entry, stateBefore);
    }

    private void Unindex(StreamEntry entry, object stateBefore)
    {
        foreach (var host in MachineRouter.HostsOf(stateBefore))
        {
            if (waitingFor.TryGetValue(host, out var keys)) keys.Remove(entry.Key);
        }
    }
}
