using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Simulation.Tests;

/// <summary>What an evacuation asks of other shards, on a machine that owns all of them.</summary>
public sealed class EvacuationAsks
{
    private const int ShardCount = 4;
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly VmId Vm = new("web-1");
    private static readonly HostId A = new("host-a");
    private static readonly HostId B = new("host-b");
    private static readonly EvacuationSpec Spec = new([A], Canary: 0);
    private static readonly PlanInstance Instance = new([Host(A), Host(B)], [new PlanGuest(Vm.Value, A.Value, ByteCount.FromMebi(64))], [A.Value], Canary: 0);

    private readonly ShardMachine machine = new(new MachineOptions { Node = "n", ShardCount = ShardCount, CodeVersion = "test" });
    private readonly List<CommandResult> answers = [];
    private readonly Dictionary<(string, string), IdempotencyRecord> keys = [];

    public EvacuationAsks()
    {
        for (var shard = 0; shard < ShardCount; shard++) machine.Own(new ShardLease(shard, new Term(1), "n", 0), [], Noon);
        foreach (var host in new[] { A, B }) Do(Asked(new AdmitHost(new Admit(host, "journal", 1, "boot", new HostFacts(ByteCount.FromMebi(4096), 8, "127.0.0.1", 7500, ["native"], [])))));
        Do(Asked(new RegisterVm(Vm, new GuestSpec("native", ByteCount.FromMebi(64), 1), A, Adopt: true)));
    }

    [Fact]
    public void An_evacuation_is_refused_where_the_store_does_not_allow_its_events()
    {
        machine.Contracts = new ContractVersion(1, 1);
        Do(Asked(new StartEvacuation(Spec, Instance, EvacuationPlanner.Plan(Instance))));
        Assert.Equal("contracts.tooOld", answers[^1].Refusal?.Code);
        Assert.Contains("schema finish", answers[^1].Refusal!.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_is_cordoned_then_the_guest_is_asked_for_and_an_answer_ends_the_asking()
    {
        // Given an evacuation of host-a
        var cordon = Assert.IsType<CommandAsked>(Assert.Single(Do(Asked(new StartEvacuation(Spec, Instance, EvacuationPlanner.Plan(Instance))))));
        Assert.Equal(new CordonHost(A), cordon.Command);

        // When the host's shard has decided, and its answer is heard
        var told = Assert.Single(Do(AskedCommands.Arrived(cordon, Publish, null)));
        var child = Assert.IsType<CommandAsked>(Assert.Single(Do(Heard(told))));

        // Then the host has the evacuation's cordon, and the guest's migration is asked for under (vm, try).
        Assert.Equal(cordon.Evacuation.Actor, ((HostState)machine.Find(A.StreamKey)!.State).CordonReason);
        Assert.Equal($"{Vm}/1", child.Key);
        Assert.Equal((B, 0), (((CreateMigration)child.Command).Destination, ((CreateMigration)child.Command).Policy.Retries));
    }

    [Fact]
    public void A_child_that_was_refused_is_not_begun_by_a_late_repeat()
    {
        // Given a guest that does not run yet: its child is refused
        var child = ToChild();
        var told = Assert.IsType<CommandDecided>(Assert.Single(Do(AskedCommands.Arrived(child, Publish, null))));
        Assert.Equal("vm.notRunning", told.Refusal?.Code);

        // When it runs, and a repeat of the request arrives that was long under way
        Do(new MessageArrived(Shards.Of(Vm.Value, ShardCount), new HostReported(A, 1, 1, new VmRunning(Vm, new Epoch(1)))));
        Assert.Equal(VmPower.Running, ((Vm)machine.Find(Vm.StreamKey)!.State).Power);
        Do(AskedCommands.Arrived(child, Publish, null));

        // Then nothing begins.
        Assert.Null(((Vm)machine.Find(Vm.StreamKey)!.State).Migration);
    }

    private CommandAsked ToChild()
    {
        var cordon = (CommandAsked)Do(Asked(new StartEvacuation(Spec, Instance, EvacuationPlanner.Plan(Instance)))).Single();
        return (CommandAsked)Do(Heard(Do(AskedCommands.Arrived(cordon, Publish, null)).Single())).Single();
    }

    private readonly List<ShardMessage> published = [];

    private void Publish(BusMessage message) => published.Add(message.Body);

    private static MessageArrived Heard(ShardMessage message) => new(((CommandDecided)message).Evacuation.Shard, message);

    private CommandArrived Asked(Command command) => new(command, new CommandContext("operator/alice", "api", null, null, null, null, null, null), answers.Add);

    // Decides, commits, and gives what the evacuation asks for or is told. A key that is stored is answered from the store, as a node does.
    private List<ShardMessage> Do(MachineInput input)
    {
        published.Clear();
        if (input is CommandArrived { Context.IdempotencyKey: { } key } c && keys.TryGetValue((c.Context.Actor, key), out var earlier)) c.Reply(CommandResult.Repeated(earlier, c.Context));
        else machine.Step(input, Noon);
        foreach (var kept in machine.TakeBatch()?.Keys ?? []) keys[(kept.Principal, kept.Key)] = kept;
        foreach (var effect in machine.Committed(Noon))
        {
            if (effect is ReplyTo reply) reply.Reply(reply.Result);
            else if (effect is PublishMessage { Message.Body: CommandAsked or CommandDecided } p) Publish(p.Message);
        }

        return [.. published];
    }

    private static PlanHost Host(HostId id) => new(id.Value, ByteCount.FromMebi(4096), 16, new PlanLink(ByteRate.FromMebi(100)));
}
