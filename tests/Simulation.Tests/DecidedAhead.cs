using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Simulation.Tests;

/// <summary>While a batch is being written the machine decides on what arrives meanwhile: what comes of that must never be said too early.</summary>
public sealed class DecidedAhead
{
    private const int ShardCount = 4;
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly VmId Vm = new("web-1");
    private static readonly HostId Host = new("host-a");
    private static readonly GuestSpec Spec = new("native", ByteCount.FromMebi(64), 1);

    private readonly ShardMachine machine = new(new MachineOptions { Node = "n", ShardCount = ShardCount, CodeVersion = "test" });
    private readonly List<CommandResult> answers = [];

    public DecidedAhead()
    {
        for (var shard = 0; shard < ShardCount; shard++) machine.Own(new ShardLease(shard, new Term(1), "n", 0), [], Noon);
        Commit(new AdmitHost(new Admit(Host, "journal", 1, "boot", new HostFacts(ByteCount.FromMebi(4096), 8, "127.0.0.1", 7500, ["native"], []))));
    }

    [Fact]
    public void A_commit_lets_out_only_what_it_made_durable()
    {
        // Given a VM whose registration is being written
        Ask(new RegisterVm(Vm, Spec, Host, Adopt: false));
        Assert.NotNull(machine.TakeBatch());

        // When its stop is decided meanwhile, and then the registration is durable
        Ask(new StopVmCommand(Vm));
        var effects = machine.Committed(Noon);

        // Then the registration is told, and nothing of the stop is: no event, no answer, no order
        Assert.Equal([nameof(VmRegistered)], effects.OfType<EventCommitted>().Select(e => e.Event.Type));
        Assert.Single(effects.OfType<ReplyTo>());
        Assert.DoesNotContain(effects.OfType<SendOrder>(), o => o.Order is StopVm);
        Assert.Equal(VmPower.Starting, Assert.IsType<Vm>(machine.FindWritten(Vm.StreamKey)).Power);

        // until it is durable too.
        var second = machine.TakeBatch()!;
        Assert.Equal([2], second.Events.Select(e => e.Version));
        Assert.Equal([nameof(VmStopOrdered)], machine.Committed(Noon).OfType<EventCommitted>().Select(e => e.Event.Type));
    }

    [Fact]
    public void What_was_decided_ahead_falls_with_the_batch_that_was_not_written()
    {
        // Given a registration in one batch, and a stop that was decided on it while it was being written
        Ask(new RegisterVm(Vm, Spec, Host, Adopt: false));
        var first = machine.TakeBatch()!;
        Ask(new StopVmCommand(Vm));

        // When the batch is not written
        var inputs = machine.RolledBack();

        // Then there is no VM, both requests come back in their order, and nothing is left to be said
        Assert.Null(machine.Find(Vm.StreamKey));
        Assert.Equal([typeof(RegisterVm), typeof(StopVmCommand)], inputs.Cast<CommandArrived>().Select(c => c.Command.GetType()));
        Assert.Equal(0, machine.Waiting);

        // and deciding again yields the same numbers, without a gap.
        foreach (var input in inputs) machine.Step(input, Noon);
        var again = machine.TakeBatch()!;
        Assert.Equal([first.Events[0].Seq, first.Events[0].Seq + 1], again.Events.Select(e => e.Seq));
        Assert.Equal([1, 2], again.Events.Select(e => e.Version));
        Assert.Equal(first.Leases.Single(l => l.Shard == Shard).Seq, again.Leases.Single(l => l.Shard == Shard).Seq);
    }

    [Fact]
    public void What_was_decided_ahead_may_fail_alone()
    {
        // Given a durable registration and a stop whose batch is not written
        Ask(new RegisterVm(Vm, Spec, Host, Adopt: false));
        machine.TakeBatch();
        Ask(new StopVmCommand(Vm));
        machine.Committed(Noon);
        machine.TakeBatch();

        // When it is rolled back, then the VM is as it was registered.
        Assert.Single(machine.RolledBack());
        Assert.Equal(VmPower.Starting, Assert.IsType<Vm>(machine.Find(Vm.StreamKey)!.State).Power);
        Assert.Equal(1, machine.Find(Vm.StreamKey)!.Version);
    }

    [Fact]
    public void A_request_sent_twice_at_once_is_decided_once_and_both_get_its_answer()
    {
        // Given a client that repeats its request before it is answered: in the same batch, and while that is being written
        Ask(new CordonHost(Host), "key-1");
        Ask(new CordonHost(Host), "key-1");
        Assert.Single(machine.TakeBatch()!.Keys);
        Ask(new CordonHost(Host), "key-1");

        // When all is durable
        Answer(machine.Committed(Noon));
        Assert.Null(machine.TakeBatch());
        Answer(machine.Committed(Noon));

        // Then one decision was made, and the others are told of it.
        Assert.Equal([false, true, true], answers.Select(a => a.Earlier is not null));
        Assert.All(answers.Skip(1), a => Assert.Equal(Host.StreamKey, a.Earlier!.Answer));
    }

    [Fact]
    public void A_key_used_at_once_for_something_else_is_refused()
    {
        Ask(new CordonHost(Host), "key-1");
        Ask(new UncordonHost(Host), "key-1");
        machine.TakeBatch();
        Answer(machine.Committed(Noon));
        Assert.Equal([null, "idempotency.otherBody"], answers.Select(a => a.Refusal?.Code));
    }

    [Fact]
    public void Shards_do_not_change_hands_while_a_batch_waits()
    {
        Ask(new RegisterVm(Vm, Spec, Host, Adopt: false));
        Assert.Throws<InvalidOperationException>(() => machine.Drop(Shard));
        machine.TakeBatch();
        Assert.Throws<InvalidOperationException>(() => machine.Own(new ShardLease(Shard, new Term(2), "n", 0), [], Noon));
        Assert.Throws<InvalidOperationException>(() => machine.TakeBatch());
    }

    private static int Shard => Shards.Of(Vm.Value, ShardCount);

    private void Ask(Command command, string? key = null) =>
        machine.Step(new CommandArrived(command, new CommandContext("operator/alice", "api", null, null, null, key, command.ToString(), null), answers.Add), Noon);

    private void Commit(Command command)
    {
        Ask(command);
        machine.TakeBatch();
        machine.Committed(Noon);
    }

    private static void Answer(IEnumerable<MachineEffect> effects)
    {
        foreach (var reply in effects.OfType<ReplyTo>()) reply.Reply(reply.Result);
    }
}
