using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Simulation.Tests;

/// <summary>Defects that simulated clusters found in the machines, each as the smallest story that shows it.</summary>
public sealed class FoundBySimulation
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly VmId Vm = new("web-1");
    private static readonly HostId Host = new("host-a");
    private static readonly GuestSpec Spec = new("native", ByteCount.FromMebi(64), 1);

    private static int Shard => Shards.Of(Vm.Value, 4);

    private static ShardMachine Owner()
    {
        var machine = new ShardMachine(new MachineOptions { Node = "n", ShardCount = 4, CodeVersion = "test" });
        for (var shard = 0; shard < 4; shard++) machine.Own(new ShardLease(shard, new Term(1), "n", 0), [], Noon);
        return machine;
    }

    private static CommandArrived Ask(Command command) => new(command, new CommandContext("operator/alice", "api", null, null, null, null, null, null), _ => { });

    [Fact]
    public void A_shard_that_is_taken_over_again_is_known_only_from_the_store()
    {
        // Given a node that owned a shard, lost it without ever being told, and takes it over again
        var machine = Owner();
        machine.Step(Ask(new RegisterVm(Vm, Spec, Host, Adopt: false)), Noon);
        machine.TakeBatch();
        machine.Committed(Noon);

        // When the store says that nothing is open there any more
        machine.Own(new ShardLease(Shard, new Term(3), "n", 9), [], Noon);

        // Then what memory knew is forgotten.
        Assert.Null(machine.Find(Vm.StreamKey));
    }

    [Fact]
    public void A_deadline_that_was_set_by_a_clock_far_ahead_counts_from_the_takeover()
    {
        // Given a start that was ordered while the owner's clock was an hour ahead
        var first = Owner();
        var wrong = Noon.AddHours(1);
        first.Step(Ask(new RegisterVm(Vm, Spec, Host, Adopt: false)), wrong);
        var batch = first.TakeBatch()!;
        var stream = batch.Streams.Single(s => s.Stream == Vm.StreamKey);
        var patience = stream.TimerDue!.Value - wrong;

        // When a node whose clock is right takes the shard over
        var second = Owner();
        second.Own(new ShardLease(Shard, new Term(2), "n", 1), [Stored(batch, stream)], Noon);

        // Then nobody waits an hour longer: at most as long as for any deadline of a shard that had no owner.
        second.Due(Noon + patience + new MachineOptions { Node = "n", ShardCount = 4, CodeVersion = "test" }.SendAgainMax);
        Assert.Equal(1, second.Waiting);
    }

    [Fact]
    public void Two_owners_whose_clocks_show_the_same_moment_do_not_give_two_migrations_one_name()
    {
        // Given two running VMs of one shard, and a migration of the first
        VmId other = Enumerable.Range(2, 100).Select(n => new VmId($"web-{n}")).First(vm => Shards.Of(vm.Value, 4) == Shard);
        var first = Owner();
        foreach (var vm in new[] { Vm, other })
        {
            first.Step(Ask(new RegisterVm(vm, Spec, Host, Adopt: false)), Noon);
            first.Step(new MessageArrived(Shard, new HostReported(Host, 1, 1, new VmRunning(vm, new Epoch(1)))), Noon);
        }

        first.Step(Ask(new CreateMigration(Vm, There, MigrationPolicy.Default)), Noon);
        var batch = first.TakeBatch()!;

        // When another node takes the shard over, by whose clock no time has passed, and is asked for one of the second
        var second = Owner();
        second.Own(new ShardLease(Shard, new Term(2), "n", batch.Events.Where(e => e.Shard == Shard).Max(e => e.Seq)), [.. batch.Streams.Where(s => s.Shard == Shard).Select(s => Stored(batch, s))], Noon);
        second.Step(Ask(new CreateMigration(other, There, MigrationPolicy.Default)), Noon);

        // Then it is a migration of its own.
        var made = second.TakeBatch()!.Events.Where(e => e.Stream.StartsWith("migration-", StringComparison.Ordinal)).Select(e => e.Stream);
        Assert.NotEqual(batch.Events.Single(e => e.Stream.StartsWith("migration-", StringComparison.Ordinal)).Stream, Assert.Single(made));
    }

    private static LoadedStream Stored(AppendBatch batch, StreamChange stream) => new(
        stream.Shard, stream.Stream, stream.Version, stream.Closed, stream.TimerDue, stream.TimerToken, null, 0,
        [.. batch.Events.Where(e => e.Stream == stream.Stream).Select(e => new StoredEvent(StorePosition.Start, e.Shard, e.Seq, new Term(1), e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, e.Body, e.Meta))]);

    [Fact]
    public void A_report_that_changes_nothing_is_acknowledged_only_by_an_owner()
    {
        // Given a node that may have lost its shards while it was stopped
        var machine = Owner();

        // When it hears something that it thinks is of no importance
        machine.Step(new MessageArrived(Shard, new HostReported(Host, 1, 1, new VmRunning(Vm, new Epoch(1)))), Noon);

        // Then the store has to confirm that it still owns the shard, before the acknowledgement leaves.
        var batch = machine.TakeBatch();
        Assert.NotNull(batch);
        Assert.Empty(batch.Events);
        Assert.Equal(Shard, Assert.Single(batch.Leases).Shard);
    }

    [Fact]
    public void A_command_that_changes_nothing_is_answered_only_by_an_owner()
    {
        var machine = Owner();
        machine.Step(Ask(new StopVmCommand(Vm)), Noon);
        Assert.Equal(Shard, Assert.Single(machine.TakeBatch()!.Leases).Shard);
    }

    [Fact]
    public void A_guest_that_died_is_reported_again_after_a_restart_of_its_agent()
    {
        // Given a journal that says: placed, it ran, it is gone; and a coordinator that was not reached
        var agent = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        JournalRecord[] journal = [new Started(1, "boot"), new Placed(Vm, new Epoch(1), Spec, false), new VmRan(Vm, new Epoch(1)), new VmEnded(Vm, new Epoch(1), "killed")];
        foreach (var record in journal) agent.Fold(record);

        // When the agent starts again, then it says so again: nobody will ever ask.
        var step = agent.Step(new AgentStarted([], "boot"), Noon);
        Assert.Equal(new VmGone(Vm, new Epoch(1), "killed"), Assert.Single(step.Effects.OfType<SendReport>()).Report);
    }

    [Fact]
    public void A_late_repeat_of_the_start_does_not_replace_the_word_that_the_guest_is_gone()
    {
        // Given a guest that was started, ran and died, and a coordinator that has not heard of its end yet
        var agent = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        JournalRecord[] journal = [new Started(1, "boot"), new Placed(Vm, new Epoch(1), Spec, false), new VmRan(Vm, new Epoch(1)), new VmEnded(Vm, new Epoch(1), "killed")];
        foreach (var record in journal) agent.Fold(record);
        agent.Step(new AgentStarted([], "boot"), Noon);

        // When the order to start it arrives once more, then the word is still that it is gone: of a failed start a running VM would take no notice.
        var step = agent.Step(new OrderReceived(new StartVm(Vm, 1, new Epoch(1), Spec)), Noon);
        Assert.Equal(new VmGone(Vm, new Epoch(1), "killed"), Assert.Single(step.Effects.OfType<SendReport>()).Report);
    }

    [Fact]
    public void A_held_migration_whose_source_lost_its_memory_too_is_settled_by_a_persons_word()
    {
        // Given a source that promised to hold, and whose host then lost its memory
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = Source(migration, held: true);
        agent.Step(new AgentStarted([], "another boot"), Noon);

        // When a person decides that it resumes there
        var step = agent.Step(new OrderReceived(new ResumeSource(Vm, 20, migration, new Epoch(2), new Epoch(3))), Noon);

        // Then it says that there is nothing to resume, and nothing is started in its place.
        Assert.False(Assert.IsType<Rejected>(Assert.Single(step.Effects.OfType<SendReport>()).Report).GuestRuns);
        Assert.DoesNotContain(step.Effects, e => e is Drive);
        var restarted = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        foreach (var record in SourceJournal(migration, held: true).Concat([new Started(2, "another boot")]).Concat(step.Records)) restarted.Fold(record);
        Assert.DoesNotContain(restarted.Step(new AgentStarted([], "another boot"), Noon).Effects, e => e is Drive);
    }

    [Fact]
    public void A_source_that_promised_to_hold_does_not_listen_to_a_destination_that_came_back()
    {
        // Given a promise to obey only the coordinator, made because the destination was written off
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = Source(migration, held: true);
        agent.Step(new AgentStarted([new DiscoveredGuest(Vm, Spec, GuestRunState.Completed, migration, null)], "boot"), Noon);

        // When somebody switches that host on again, and its journal refuses
        var step = agent.Step(new PeerReceived(There, new PeerRefused(Vm, migration, new Epoch(2))), Noon);

        // Then nothing is decided: a person was asked, and the person's word must find a source that still waits for it.
        Assert.Empty(step.Records);
    }

    [Fact]
    public void A_guest_that_died_before_it_ran_was_owned_all_the_same_and_that_is_said()
    {
        // Given a destination that was not running while COMMIT and the end of its copy arrived
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = new AgentMachine(new AgentIdentity(There, new TransferEndpoint("10.0.0.2", 7500, null)), _ => null);
        agent.Fold(new Started(1, "boot"));
        agent.Fold(new AttemptPrepared(new PrepareIn(Vm, 5, migration, new Epoch(2), Host, Spec, MigrationPolicy.Default)));
        agent.Step(new AgentStarted([new DiscoveredGuest(Vm, Spec, GuestRunState.Loaded, migration, "d")], "boot"), Noon);
        var token = new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", "");
        agent.Step(new PeerReceived(Host, new PeerCommit(Vm, migration, new Epoch(2), token, "d", Noon)), Noon);

        // When it hears that the copy is gone, then it says both.
        var said = agent.Step(new HypervisorReported(new GuestVanished(Vm, "killed")), Noon).Effects.OfType<SendReport>().Select(e => e.Report).ToList();
        Assert.Contains(said, r => r is Owned);
        Assert.Contains(said, r => r is VmGone);
    }

    [Fact]
    public void A_source_whose_destination_refuses_while_it_still_sends_stops_that_first()
    {
        // Given a source that is in the hand-off: INTENT is on disk, the guest may be stopped, the hypervisor still sends
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = Source(migration, held: false);
        agent.Step(new AgentStarted([new DiscoveredGuest(Vm, Spec, GuestRunState.Running, null, null)], "boot"), Noon);
        var plan = new MigrateOut(Vm, 7, MigrationId.Create(Shard, Noon, 1), new Epoch(3), There, new TransferEndpoint("10.0.0.2", 7500, null), Spec, MigrationPolicy.Default, false);
        agent.Step(new HypervisorReported(new OutgoingFailed(Vm, migration, "aborted", true)), Noon);
        agent.Step(new OrderReceived(plan), Noon);
        agent.Step(new OrderReceived(new SwitchOver(Vm, 8, plan.Migration, plan.Epoch, new SignedToken(new SwitchoverToken(Vm, plan.Migration, plan.Epoch, Host, There), "", ""), plan, true)), Noon);

        // When its destination refuses, because its receiver died
        var heard = agent.Step(new PeerReceived(There, new PeerRefused(Vm, plan.Migration, plan.Epoch)), Noon);

        // Then nothing is promised and nothing runs before the hypervisor has given up; and then it is worth another try.
        Assert.Empty(heard.Records);
        Assert.IsType<AbortOutgoing>(Assert.Single(heard.Effects.OfType<Drive>()).Command);
        var after = agent.Step(new HypervisorReported(new OutgoingFailed(Vm, plan.Migration, "aborted", false)), Noon);
        Assert.True(Assert.IsType<AttemptRejected>(Assert.Single(after.Records)).Transient);
        Assert.IsType<RunGuest>(Assert.Single(after.Effects.OfType<Drive>()).Command);
    }

    [Fact]
    public void A_copy_that_is_not_what_the_source_had_does_not_go_forward()
    {
        // Given a destination whose loaded copy was damaged on its way, and a source that is gone; its COMMIT is in the log
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = new AgentMachine(new AgentIdentity(There, new TransferEndpoint("10.0.0.2", 7500, null)), _ => null);
        agent.Fold(new Started(1, "boot"));
        agent.Fold(new AttemptPrepared(new PrepareIn(Vm, 5, migration, new Epoch(2), Host, Spec, MigrationPolicy.Default)));
        agent.Step(new AgentStarted([new DiscoveredGuest(Vm, Spec, GuestRunState.Loaded, migration, "damaged")], "boot"), Noon);
        var token = new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", "");

        // When it is told to go forward with what the source had, then it refuses.
        var step = agent.Step(new OrderReceived(new GoForward(Vm, 9, migration, new Epoch(2), token, "d")), Noon);
        Assert.DoesNotContain(step.Records, r => r is AttemptOwned);
        agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon);
        Assert.Contains(agent.Step(new OrderReceived(new GoForward(Vm, 10, migration, new Epoch(2), token, "d")), Noon).Effects.OfType<SendReport>(), e => e.Report is Refused);
    }

    [Fact]
    public void A_destination_that_is_told_to_go_forward_hears_its_hypervisor_out_before_it_refuses()
    {
        // Given a destination that was stopped while its copy became complete, and the source is gone
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = new AgentMachine(new AgentIdentity(There, new TransferEndpoint("10.0.0.2", 7500, null)), _ => null);
        agent.Step(new AgentStarted([], "boot"), Noon);
        agent.Step(new OrderReceived(new PrepareIn(Vm, 5, migration, new Epoch(2), Host, Spec, MigrationPolicy.Default)), Noon);
        agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon);
        var order = new GoForward(Vm, 9, migration, new Epoch(2), new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", ""));

        // When it hears of going forward first, then it does not kill what may be the last copy
        Assert.DoesNotContain(agent.Step(new OrderReceived(order), Noon).Effects, e => e is Drive);

        // And when its hypervisor says that all is there, it owns.
        Assert.IsType<AttemptOwned>(Assert.Single(agent.Step(new HypervisorReported(new IncomingLoaded(Vm, migration, "d")), Noon).Records));
    }

    [Fact]
    public void A_destination_that_stood_still_has_not_waited_for_its_hypervisor()
    {
        // Given a destination that was told to go forward, and whose agent then stood still for long while its copy became complete
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = new AgentMachine(new AgentIdentity(There, new TransferEndpoint("10.0.0.2", 7500, null)), _ => null);
        agent.Step(new AgentStarted([], "boot"), Noon);
        agent.Step(new OrderReceived(new PrepareIn(Vm, 5, migration, new Epoch(2), Host, Spec, MigrationPolicy.Default)), Noon);
        agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon);
        var order = new GoForward(Vm, 9, migration, new Epoch(2), new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", ""));
        agent.Step(new OrderReceived(order), Noon);

        // When it hears the order again, and a tick, before it hears the hypervisor, then it kills nothing and owns.
        var later = Noon.AddMinutes(1);
        Assert.DoesNotContain(agent.Step(new OrderReceived(order), later).Effects, e => e is Drive);
        Assert.DoesNotContain(agent.Step(new Tick(), later).Effects, e => e is Drive);
        Assert.IsType<AttemptOwned>(Assert.Single(agent.Step(new HypervisorReported(new IncomingLoaded(Vm, migration, "d")), later).Records));
    }

    [Fact]
    public void A_destination_whose_copy_never_becomes_complete_refuses_in_the_end()
    {
        // Given a destination that was told to go forward with a copy that is not complete
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = new AgentMachine(new AgentIdentity(There, new TransferEndpoint("10.0.0.2", 7500, null)), _ => null);
        agent.Step(new AgentStarted([], "boot"), Noon);
        agent.Step(new OrderReceived(new PrepareIn(Vm, 5, migration, new Epoch(2), Host, Spec, MigrationPolicy.Default)), Noon);
        agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon);
        agent.Step(new OrderReceived(new GoForward(Vm, 9, migration, new Epoch(2), new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", ""))), Noon);

        // When the hypervisor says nothing for as long as is waited, then its copy is destroyed and it refuses.
        var steps = Enumerable.Range(0, 10).Select(_ => agent.Step(new Tick(), Noon)).ToList();
        Assert.Equal(9, steps.TakeWhile(s => s.Effects.Count == 0).Count());
        Assert.IsType<DestroyGuest>(Assert.Single(steps[^1].Effects.OfType<Drive>()).Command);
        Assert.IsType<AttemptRefused>(Assert.Single(agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon).Records));
    }

    [Fact]
    public void A_start_that_was_refused_is_never_carried_out_however_late_its_order_is_repeated()
    {
        // Given a host with a hand-off that is not settled, which therefore refused to start the VM: the coordinator starts it elsewhere
        var migration = MigrationId.Create(Shard, Noon, 0);
        var agent = Source(migration, held: false);
        agent.Step(new AgentStarted([], "boot"), Noon);
        var order = new StartVm(Vm, 9, new Epoch(4), Spec);
        var refused = agent.Step(new OrderReceived(order), Noon);
        Assert.Contains(refused.Effects.OfType<SendReport>(), e => e.Report is VmFailed);

        // When the hand-off is settled and the order comes once more, then nothing is started; nor after a restart of the agent.
        var released = agent.Step(new OrderReceived(new Release(Vm, 12, migration, new Epoch(2))), Noon);
        agent.Step(new HypervisorReported(new GuestDead(Vm)), Noon);
        Refuses(agent);
        var restarted = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        foreach (var record in SourceJournal(migration, held: false).Concat(refused.Records).Concat(released.Records)) restarted.Fold(record);
        restarted.Step(new AgentStarted([], "boot"), Noon);
        Refuses(restarted);

        void Refuses(AgentMachine machine)
        {
            var again = machine.Step(new OrderReceived(order), Noon);
            Assert.DoesNotContain(again.Effects, e => e is Drive);
            Assert.Contains(again.Effects.OfType<SendReport>(), e => e.Report is VmFailed);
        }
    }

    [Fact]
    public void An_adoption_that_was_refused_is_not_made_good_by_a_late_repeat()
    {
        // Given a host that was told to adopt a guest which does not run there
        var agent = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        agent.Step(new AgentStarted([], "boot"), Noon);
        var order = new AdoptVm(Vm, 1, new Epoch(1), Spec);
        Assert.Contains(agent.Step(new OrderReceived(order), Noon).Effects.OfType<SendReport>(), e => e.Report is VmFailed);

        // When one of that name runs there later and the order comes once more, then it is not owned.
        agent.Step(new HypervisorReported(new GuestRunning(Vm, Noon)), Noon);
        var again = agent.Step(new OrderReceived(order), Noon);
        Assert.Empty(again.Records);
        Assert.Contains(again.Effects.OfType<SendReport>(), e => e.Report is VmFailed);
    }

    private static readonly HostId There = new("host-b");

    private static AgentMachine Source(MigrationId migration, bool held)
    {
        var agent = new AgentMachine(new AgentIdentity(Host, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        foreach (var record in SourceJournal(migration, held)) agent.Fold(record);
        return agent;
    }

    private static IEnumerable<JournalRecord> SourceJournal(MigrationId migration, bool held)
    {
        yield return new Started(1, "boot");
        yield return new Placed(Vm, new Epoch(1), Spec, false);
        yield return new VmRan(Vm, new Epoch(1));
        yield return new AttemptBegun(new MigrateOut(Vm, 6, migration, new Epoch(2), There, new TransferEndpoint("10.0.0.2", 7500, null), Spec, MigrationPolicy.Default, false));
        yield return new IntentJournaled(new SignedToken(new SwitchoverToken(Vm, migration, new Epoch(2), Host, There), "", ""));
        if (held) yield return new HoldPromised(Vm, migration, new Epoch(2));
    }
}
