using System.Text;
using System.Text.Json;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Domain.Tests.Skew;

/// <summary>A machine that meets what a newer version wrote, and one that may not write all it knows.</summary>
public sealed class NewerEventsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly VmId Vm = VmId.Parse("vm-1");
    private static readonly HostId Host = HostId.Parse("host-a");
    private static readonly MigrationId Migration = MigrationId.Create(0, Noon, 1);
    private static readonly VmRegistered Registered = new(Vm, new GuestSpec("native", ByteCount.FromMebi(1), 1), Host, new Epoch(1), true);

    private readonly ShardMachine _machine = new(new MachineOptions { Node = "node-1", ShardCount = 1, CodeVersion = "test" });
    private readonly List<CommandResult> _answers = [];

    [Fact]
    public void A_stream_with_an_event_of_a_newer_version_is_stopped_and_the_others_go_on()
    {
        Own(Stream(Vm.StreamKey, Registered, "NeverHeardOf"), Stream(Host.StreamKey, Admitted()));

        Ask(new StopVmCommand(Vm));
        Ask(new CordonHost(Host));
        Commit();

        Assert.Equal(Vm.StreamKey, Assert.Single(_machine.Stopped).Key);
        Assert.Equal(["stream.newer", null], _answers.Select(a => a.Refusal?.Code));
    }

    [Fact]
    public void A_vm_and_its_migration_are_stopped_together_whichever_of_them_is_newer()
    {
        Own(Stream(Vm.StreamKey, Registered, new MigrationOpened(Migration, new Epoch(2), HostId.Parse("host-b"))), Stream(Migration.StreamKey, "NeverHeardOf"));

        Ask(new StopVmCommand(Vm));
        Ask(new CancelMigration(Migration));
        Commit();

        Assert.Equal([Migration.StreamKey, Vm.StreamKey], _machine.Stopped.Select(s => s.Key).Order());
        Assert.Equal(["stream.newer", "stream.newer"], _answers.Select(a => a.Refusal?.Code));
    }

    [Fact]
    public void A_shard_given_up_and_taken_again_by_a_version_that_knows_the_event_is_decided_for()
    {
        Own(Stream(Vm.StreamKey, Registered, "NeverHeardOf"));
        _machine.Drop(0);
        Assert.Empty(_machine.Stopped);

        Own(Stream(Vm.StreamKey, Registered));

        Assert.Empty(_machine.Stopped);
        Assert.NotNull(_machine.Find(Vm.StreamKey));
    }

    [Fact]
    public void An_event_that_the_store_does_not_allow_yet_is_never_written()
    {
        Own();
        _machine.Contracts = new ContractVersion(0, 9);

        var refused = Assert.Throws<InvalidOperationException>(() => Ask(new AdmitHost(new Admit(Host, "journal", 1, "boot", new HostFacts(new ByteCount(1), 1, "127.0.0.1", 1, [], [])))));

        Assert.Contains("HostAdmitted is of contracts 1.0, this store allows 0.9", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_machine.TakeBatch()?.Events ?? [], _ => true);
    }

    private void Own(params LoadedStream[] streams) => _machine.Own(new ShardLease(0, new Term(1), "node-1", 10), streams, Noon);

    private void Ask(Command command) => _machine.Step(new CommandArrived(command, new CommandContext("operator/alice", "api", null, null, null, null, null, null), _answers.Add), Noon);

    private void Commit()
    {
        _machine.TakeBatch();
        foreach (var effect in _machine.Committed(Noon).OfType<ReplyTo>()) effect.Reply(effect.Result);
    }

    private static HostAdmitted Admitted() => (HostAdmitted)HostDecider.Decide(HostState.Unknown, new Admit(Host, "journal", 1, "boot", new HostFacts(new ByteCount(1), 1, "127.0.0.1", 1, [], []))).Events[0];

    // Of events, or names of types that nobody knows.
    private static LoadedStream Stream(string key, params object[] events) =>
        new(0, key, events.Length, false, null, 0, null, 0, [.. events.Select((happened, at) => Stored(key, at + 1, happened))]);

    private static StoredEvent Stored(string key, int version, object happened)
    {
        var type = happened is string ? null : EventCatalog.TypeOf(happened);
        var body = type is null ? "{}"u8.ToArray() : Encoding.UTF8.GetBytes(JsonSerializer.Serialize(happened, type.Json));
        return new StoredEvent(StorePosition.Start, 0, version, new Term(1), key, version, type?.Name ?? (string)happened, type?.SchemaVersion ?? 1, Noon, body, "{}"u8.ToArray());
    }
}
