using Coordinator.Application.Bus;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>Which handler decides on an input, and what a stream has pending for hosts and other shards.</summary>
internal sealed class MachineRouter(MachineOptions options)
{
    private readonly VmHandler vms = new();
    private readonly MigrationHandler migrations = new();
    private readonly HostHandler hosts = new();
    private readonly EvacuationHandler evacuations = new();
    private readonly PermitHandler permits = new(options.Permits);

    public void Route(MachineStep step, MachineInput input)
    {
        switch (input)
        {
            case CommandArrived c:
                Command(step, c);
                break;
            case MessageArrived m:
                Message(step, m);
                break;
            case TimerFired t:
                Timer(step, t);
                break;
        }
    }

    private void Command(MachineStep step, CommandArrived c)
    {
        // A client that did not wait for the first answer: the second one is the same, and leaves after it.
        if (c.Context.IdempotencyKey is { } used && step.Machine.Unwritten(c.Context.Actor, used) is { } earlier)
        {
            step.Effect(new ReplyTo(c.Reply, CommandResult.Repeated(earlier, c.Context)));
            return;
        }

        var shard = CommandShard.Of(c.Command, step.Options.ShardCount);
        var undecided = !step.Machine.Owns(shard) ? Commands.NotOwned(shard) : step.Machine.IsStopped(CommandShard.StreamOf(c.Command)) ? Commands.Stopped(c.Command) : null;
        var result = undecided ?? Decide(step, c, shard);
        if (undecided is null && AnswerOf(c, result) is { } answer && c.Context is { IdempotencyKey: { } key, BodyHash: { } hash })
            step.Machine.Batch.Keys.Add((c.Context.Actor, key), new Store.IdempotencyRecord(c.Context.Actor, key, hash, answer, step.Now));
        step.Effect(new ReplyTo(c.Reply, result));
    }

    // What is kept under the key: nothing of a refusal, which may be repeated, unless that, too, is the answer for ever.
    private static string? AnswerOf(CommandArrived c, CommandResult result) => result.Refusal is not null ? (c.Context.Once ? "" : null) : result.Stream.Length > 0 ? result.Stream : null;

    private CommandResult Decide(MachineStep step, CommandArrived c, int shard) => c.Command switch
    {
        RegisterVm x => vms.Register(step, x),
        StartVmCommand x => vms.Start(step, x),
        StopVmCommand x => vms.Stop(step, x),
        CreateMigration x => migrations.Create(step, x),
        CancelMigration x => migrations.Command(step, x.Migration, MigrationInputs.Of(x, c.Context.Actor, c.Context.Reason)!),
        ForceMigration x => migrations.Command(step, x.Migration, MigrationInputs.Of(x, c.Context.Actor, c.Context.Reason)!),
        ResolveMigration x => migrations.Resolve(step, x),
        CordonHost x => hosts.Command(step, x.Host, new Cordon(c.Context.Reason ?? "cordoned by " + c.Context.Actor)),
        UncordonHost x => hosts.Command(step, x.Host, new Uncordon(c.Context.Reason ?? "uncordoned by " + c.Context.Actor, x.Cordoned)),
        WriteOffHost x => hosts.WriteOff(step, x.Host),
        AdmitHost x => hosts.Command(step, x.Hello.Host, x.Hello),
        EnrolHost x => hosts.Command(step, x.Host, new Enrol(x.Host, c.Context.Reason ?? "enrolled by " + c.Context.Actor)),
        RetireHost x => hosts.Command(step, x.Host, new Retire(c.Context.Reason ?? "retired by " + c.Context.Actor)),
        AnnounceRestore x => RestoreHandler.Command(step, x.Restored.Restore, x.Restored),
        TellHost x => RestoreHandler.Command(step, x.Restore, new HostTold(x.Host, x.WrittenOff)),
        DoubtVm x => RestoreHandler.Vm(step, x.Vm, new DoubtPlacement(x.Restore)),
        CutMigration x => RestoreHandler.Cut(step, x),
        TellWord x => RestoreHandler.Told(step, x),
        TrustVm x => RestoreHandler.Vm(step, x.Vm, new AllTold()),
        StartEvacuation x => evacuations.Start(step, shard, x),
        PauseEvacuation x => evacuations.Command(step, x.Evacuation, new Pause(c.Context.Reason ?? "paused by " + c.Context.Actor)),
        ResumeEvacuation x => evacuations.Command(step, x.Evacuation, new Resume()),
        AbortEvacuation x => evacuations.Command(step, x.Evacuation, new Abort(x.StopRunning)),
        RetryFailed x => evacuations.Command(step, x.Evacuation, new RetryFailures()),
        ReplanEvacuation x => evacuations.Command(step, x.Evacuation, new Replan(x.Instance, x.Plan)),
        _ => throw new ArgumentOutOfRangeException(nameof(c), c.Command, "a command without a handler"),
    };

    private void Message(MachineStep step, MessageArrived m)
    {
        // A message for a shard that is not ours any more is dropped: whoever owns it is told again.
        if (!step.Machine.Owns(m.Shard)) return;
        step.Machine.SpeakFor(m.Shard);
        if (m.Done is { } done) step.Effect(new MessageDone(done));
        // Not answered, not acknowledged: whoever said it says it again, to a newer version one day.
        if (step.Machine.IsStopped(StreamOf(m.Message))) return;
        switch (m.Message)
        {
            case HostReported { Report: MigrationReport r } reported:
                migrations.Heard(step, reported, r);
                step.Effect(new AckReport(reported.Host, reported.StartCount, reported.N));
                break;
            case HostReported { Report: VmReport r } reported:
                if (vms.Heard(step, reported, r)) step.Effect(new AckReport(reported.Host, reported.StartCount, reported.N));
                break;
            case ClaimAsked c when c.Stream.StartsWith("permits-", StringComparison.Ordinal):
                permits.Asked(step, m.Shard, c);
                break;
            case ClaimReleased c when c.Stream.StartsWith("permits-", StringComparison.Ordinal):
                permits.Released(step, m.Shard, c);
                break;
            case ClaimAsked c:
                hosts.Asked(step, m.Shard, c);
                break;
            case ClaimReleased c:
                hosts.Released(step, m.Shard, c);
                break;
            case ClaimAnswered or ClaimReleaseAnswered:
                migrations.Answered(step, m.Message);
                vms.Answered(step, m.Message);
                break;
            case HostStatusAsked c:
                HostHandler.StatusAsked(step, c);
                break;
            case HostChanged c:
                HostChanged(step, m.Shard, c);
                break;
            case GuestAsked c:
                VmHandler.Asked(step, c);
                break;
            case CommandDecided c:
                evacuations.Decided(step, c);
                break;
            case GuestSeen c:
                evacuations.Seen(step, c);
                break;
        }
    }

    private static string StreamOf(ShardMessage message) => message switch
    {
        HostReported { Report: MigrationReport r } => r.Migration.StreamKey,
        HostReported r => r.Report.Vm.StreamKey,
        ClaimAsked c => c.Stream,
        ClaimReleased c => c.Stream,
        ClaimAnswered c => c.ReplyStream,
        ClaimReleaseAnswered c => c.ReplyStream,
        HostStatusAsked c => c.Host.StreamKey,
        GuestAsked c => c.Vm.StreamKey,
        CommandDecided c => c.Evacuation.StreamKey,
        GuestSeen c => c.Evacuation.StreamKey,
        _ => "",
    };

    private void HostChanged(MachineStep step, int shard, HostChanged c)
    {
        if (c.What != "writtenOff") return;
        foreach (var entry in step.Machine.OpenStreams.Where(e => e.Shard == shard && HostsOf(e.State).Contains(c.Host)).ToList())
        {
            // One piece of news, many streams: each of their histories must be complete by itself.
            step.KeepCause();
            if (entry.State is MigrationState) migrations.WrittenOff(step, entry, c);
            else if (entry.State is VmState) vms.WrittenOff(step, entry, c.Host);
        }
    }

    private void Timer(MachineStep step, TimerFired t)
    {
        if (step.Machine.Find(t.Stream) is not { } entry) return;
        var token = entry.TimerToken;
        if (entry.State is MigrationState) migrations.Deadline(step, entry);
        if (entry.State is Active waiting) AskForHosts(step, entry, waiting);
        if (entry.State is EvacuationState) evacuations.Deadline(step, entry);
        // What was decided may have left the deadline as it is.
        if (entry.TimerToken == token) step.Machine.Postpone(entry, step.Now + step.Options.SendAgainMax);
    }

    private static void AskForHosts(MachineStep step, StreamEntry entry, Active waiting)
    {
        if (!waiting.Facts.SourceSettled) Ask(waiting.Plan.Source);
        if (!waiting.Facts.DestinationSettled) Ask(waiting.Plan.Destination);

        void Ask(HostId host) => step.Publish(Shards.Of(host.Value, step.Options.ShardCount), new HostStatusAsked(host, entry.Key, entry.Shard));
    }

    /// <summary>Adds what a stream has pending to the effects: orders for hosts, claims at other shards.</summary>
    /// <param name="state">The stream's state as it is durable.</param>
    /// <param name="only">Only orders for this host.</param>
    /// <param name="newerThan">Of an evacuation's many asks only those since this version.</param>
    /// <returns>False when nothing is pending.</returns>
    public static bool Pending(object state, StreamEntry entry, MachineOptions options, List<MachineEffect> effects, HostId? only, long newerThan) => state switch
    {
        EvacuationState s => EvacuationHandler.Pending(s, options, effects, only, newerThan),
        MigrationState s => MigrationHandler.Pending(s, entry, options, effects, only),
        VmState s => VmHandler.Pending(s, entry, options, effects, only),
        _ => false,
    };

    /// <summary>What is pending, as numbers: it changes when there is something new to send.</summary>
    public static (long Source, long Destination, int Claims) PendingMark(object state) => state switch
    {
        MigrationState s => MigrationHandler.PendingMark(s),
        Evacuation e => (e.Asks, 0, 0),
        Vm v => (v.OrderNumber, v.ClaimCounted ? 1 : 0, v.ToReturn is null ? 0 : 1),
        _ => default,
    };

    /// <summary>Whether two states of one stream involve other hosts. A migration's are fixed by its plan.</summary>
    public static bool HostsDiffer(object before, object after) => (before, after) switch
    {
        (Planned, Planned) => false,
        (Vm a, Vm b) => a.Host != b.Host,
        _ => before.GetType() != after.GetType(),
    };

    /// <summary>Hosts that take part in what a stream describes.</summary>
    public static IEnumerable<HostId> HostsOf(object state) => state switch
    {
        Planned p => [p.Plan.Source, p.Plan.Destination],
        Vm v => [v.Host],
        _ => [],
    };
}
