using Coordinator.Application.Bus;
using Coordinator.Domain;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>
/// Inputs of <c>migration-…</c> streams. A migration and its VM are in one shard, so both streams change in one transaction: the VM
/// follows the migration, and an attempt that failed for a passing reason is followed by the next one under a new epoch.
/// </summary>
internal sealed class MigrationHandler
{
    public const string Pool = "default";

    public CommandResult Create(MachineStep step, CreateMigration c)
    {
        var shard = Shards.Of(c.Vm.Value, step.Options.ShardCount);
        step.Machine.SpeakFor(shard);
        var vm = step.Machine.Find(c.Vm.StreamKey);
        var id = NewId(step, shard);
        var opening = VmDecider.Decide((VmState?)vm?.State ?? UnknownVm.Instance, new OpenMigration(id, c.Destination, c.Source));
        if (opening.Refusal is { } refusal) return new CommandResult(refusal, c.Vm.StreamKey, vm?.Version ?? 0, false, vm?.State);
        var placed = (Vm)vm!.State;
        step.Append(vm, opening);
        return Begin(step, shard, new MigrationPlan(
            id, placed.Id, placed.Host, c.Destination, placed.HighestEpoch.Next, placed.Spec, c.Policy, placed.Claim, 1, null, Pool, c.Evacuation));
    }

    // By the shard's sequence number, which no two owners have in common: their clocks may show the same moment twice.
    private static MigrationId NewId(MachineStep step, int shard) => MigrationId.Create(shard, step.Now, unchecked((int)step.Machine.SeqOf(shard)));

    private static CommandResult Begin(MachineStep step, int shard, MigrationPlan plan)
    {
        var entry = step.Machine.Open(plan.Id.StreamKey, shard, NotRequested.Instance);
        step.Append(entry, MigrationDecider.Decide((MigrationState)entry.State, new RequestMigration(plan)));
        return new CommandResult(null, entry.Key, entry.Version, true, entry.State);
    }

    public CommandResult Command(MachineStep step, MigrationId id, MigrationInput input)
    {
        var entry = step.Machine.Find(id.StreamKey);
        var before = (MigrationState?)entry?.State ?? NotRequested.Instance;
        var decision = MigrationDecider.Decide(before, input);
        var result = Commands.Carry(step, id.StreamKey, id.Shard, NotRequested.Instance, decision);
        if (result.Changed && entry is not null && before is Planned planned) Follow(step, entry, planned, decision.Events);
        return result;
    }

    /// <summary>The resolution burns an epoch of the VM, so nothing of the old attempt can reach the resumed guest.</summary>
    public CommandResult Resolve(MachineStep step, ResolveMigration c)
    {
        if (step.Machine.Find(c.Migration.StreamKey)?.State is not Held held) return Command(step, c.Migration, new ResolveHeld(c.Choice, default, "", ""));
        if (string.IsNullOrWhiteSpace(step.Context?.Reason))
            return CommandResult.Refused("resolve.reason", "a resolution needs a reason: it goes into the audit history", "say why: --reason TEXT");
        if (c.Choice != "wait" && (string.IsNullOrWhiteSpace(c.SecondPerson) || c.SecondPerson == step.Context.Actor))
            return CommandResult.Refused("resolve.secondPerson", "a resolution needs a second person, other than the caller", "name who agreed: --second-person NAME");
        if (step.Machine.Find(held.Plan.Vm.StreamKey)?.State is Vm { Doubted: not null })
            return CommandResult.Refused("vm.inDoubt", "the store was restored from a backup, and what became of this migration is not known again yet", "wait until every host has connected, or is written off: lm hosts get");
        var epoch = step.Machine.Find(held.Plan.Vm.StreamKey)?.State is Vm vm ? vm.HighestEpoch.Next : held.Plan.Epoch.Next;
        return Command(step, c.Migration, new ResolveHeld(c.Choice, epoch, step.Context.Reason, c.SecondPerson));
    }

    public void Heard(MachineStep step, HostReported reported, MigrationReport report)
    {
        if (step.Machine.Find(report.Migration.StreamKey) is not { State: Planned planned } entry) return;
        if (MigrationInputs.Of(planned.Plan, reported.Host, report) is not { } input)
        {
            step.Effect(new RaiseAlert("report.foreign", entry.Key, $"{reported.Host} reported {report.GetType().Name} of epoch {report.Epoch}, in which it has no part"));
            return;
        }

        Decide(step, entry, input);
    }

    public void Answered(MachineStep step, ShardMessage answer)
    {
        var stream = answer switch { ClaimAnswered a => a.ReplyStream, ClaimReleaseAnswered a => a.ReplyStream, _ => "" };
        if (step.Machine.Find(stream) is { State: Planned p } entry && MigrationInputs.Of(p.Plan, answer) is { } input) Decide(step, entry, input);
    }

    public void WrittenOff(MachineStep step, StreamEntry entry, HostChanged news)
    {
        if (entry.State is Planned p && MigrationInputs.Of(p.Plan, news) is { } input) Decide(step, entry, input);
    }

    public void Deadline(MachineStep step, StreamEntry entry) => Decide(step, entry, new DeadlineReached());

    private void Decide(MachineStep step, StreamEntry entry, MigrationInput input)
    {
        var before = entry.State as Planned;
        var decision = MigrationDecider.Decide((MigrationState)entry.State, input);
        step.Append(entry, decision);
        if (decision.Events.Count > 0 && before is not null) Follow(step, entry, before, decision.Events);
    }

    // The VM follows what its open migration has become; then perhaps the next attempt. The last state that still has a plan counts:
    // a decision may end and close a migration at once.
    private void Follow(MachineStep step, StreamEntry entry, Planned before, IReadOnlyList<MigrationEvent> events)
    {
        if (step.Machine.Find(before.Plan.Vm.StreamKey) is not { State: Vm vm } vmEntry || vm.Migration != before.Plan.Id) return;
        var state = entry.State as Planned ?? MigrationEvolution.BeforeClosing(before, events);
        step.Append(vmEntry, VmDecider.Decide(vm, new FollowMigration(state)));
        if (before.Plan.Evacuation is { } parent && vmEntry.State is Vm { Migration: null } rests) step.Publish(parent.Shard, new GuestSeen(parent, rests.Id, VmHandler.NewsOf(rests), null));
        if (vmEntry.State is Vm { Migration: null, Power: VmPower.Running } settled && state is Ended { Outcome: MigrationOutcome.Aborted, Transient: true } ended)
            Retry(step, entry.Shard, settled, vmEntry, ended.Plan);
    }

    private void Retry(MachineStep step, int shard, Vm vm, StreamEntry vmEntry, MigrationPlan failed)
    {
        if (failed.Try > failed.Policy.Retries) return;
        var id = NewId(step, shard);
        var opening = VmDecider.Decide(vm, new OpenMigration(id, failed.Destination));
        if (opening.Refusal is not null) return;
        step.Append(vmEntry, opening);
        Begin(step, shard, failed with { Id = id, Source = vm.Host, Epoch = vm.HighestEpoch.Next, SourceClaim = vm.Claim, Try = failed.Try + 1, RetryOf = failed.Id });
    }

    public static (long Source, long Destination, int Claims) PendingMark(MigrationState state)
    {
        var claims = 0;
        foreach (var action in MigrationObligations.Pending(state)) claims |= 1 << (int)action.Verb;
        return (state.SourceOrderNumber, state.DestinationOrderNumber, claims);
    }

    public static bool Pending(MigrationState state, StreamEntry entry, MachineOptions options, List<MachineEffect> effects, HostId? only)
    {
        var any = false;
        foreach (var (host, order) in MigrationOrders.Pending(state))
        {
            any = true;
            if (only is null || only == host) effects.Add(new SendOrder(host, order));
        }

        if (only is not null) return any;
        foreach (var action in MigrationObligations.Pending(state))
        {
            any = true;
            effects.Add(Message(action, entry, options));
        }

        return any;
    }

    private static PublishMessage Message(ClaimAction action, StreamEntry entry, MachineOptions options)
    {
        var plan = action.Plan;
        var pool = "permits-" + plan.Pool;
        var terms = new ClaimTerms(plan.Vm, plan.Source, plan.Destination, plan.Spec.Memory, plan.Spec.Vcpus, Occupies: false);
        return action.Verb switch
        {
            ClaimVerb.AskPermit => Commands.To(Shards.Of(plan.Pool, options.ShardCount), new ClaimAsked(pool, plan.Claim, entry.Key, entry.Shard, terms)),
            ClaimVerb.ReturnPermit => Commands.To(Shards.Of(plan.Pool, options.ShardCount), new ClaimReleased(pool, plan.Claim, entry.Key, entry.Shard)),
            ClaimVerb.AskCapacity => Commands.ToShardOf(plan.Destination, options, new ClaimAsked(plan.Destination.StreamKey, plan.Claim, entry.Key, entry.Shard, terms)),
            ClaimVerb.ReturnSourceCapacity => Commands.ToShardOf(plan.Source, options, new ClaimReleased(plan.Source.StreamKey, plan.SourceClaim, entry.Key, entry.Shard)),
            _ => Commands.ToShardOf(plan.Destination, options, new ClaimReleased(plan.Destination.StreamKey, plan.Claim, entry.Key, entry.Shard)),
        };
    }
}
