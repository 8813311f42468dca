using System.Globalization;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;
using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>
/// Inputs of <c>evacuation-…</c> streams. Everything an evacuation wants done is an ordinary command in another shard, asked until answered; where its
/// guests are is told by hints, and asked again on its timer.
/// </summary>
internal sealed class EvacuationHandler
{
    public CommandResult Start(MachineStep step, int shard, StartEvacuation c)
    {
        if (TooOld(step) is { } refused) return refused;
        var id = EvacuationId.Create(shard, step.Now, (int)(step.Machine.SeqOf(shard) & 0xffff));
        return Commands.Carry(step, id.StreamKey, shard, NoEvacuation.Instance, Decide(step, id, new RequestEvacuation(id, c.Spec, c.Instance, c.Plan)));
    }

    public CommandResult Command(MachineStep step, EvacuationId id, EvacuationInput input) =>
        TooOld(step) ?? Commands.Carry(step, id.StreamKey, id.Shard, NoEvacuation.Instance, Decide(step, id, input));

    public void Decided(MachineStep step, CommandDecided c)
    {
        if (Keys.HostOf(c.Key) is { } host) Decide(step, c.Evacuation.StreamKey, new HostAnswered(host.Host, host.Uncordoned));
        else if (Keys.TryOf(c.Key) is { } child) Decide(step, c.Evacuation.StreamKey, new ChildDecided(child.Vm, child.Try, MigrationOf(c.Stream), c.Refusal));
    }

    public void Seen(MachineStep step, GuestSeen c) => Decide(step, c.Evacuation.StreamKey, new GuestTold(c.Vm, c.News, c.Try));

    /// <summary>What time opens, and where every guest under way is: the hint may have been lost.</summary>
    public void Deadline(MachineStep step, StreamEntry entry)
    {
        Decide(step, entry.Key, new TimePassed());
        if (entry.State is not Evacuation { Counts.Moving: > 0 } s) return;
        foreach (var guest in s.Guests.Values)
        {
            if (guest.Phase == GuestPhase.Moving) step.Publish(Shards.Of(guest.Vm.Value, step.Options.ShardCount), new GuestAsked(guest.Vm, s.Id, guest.Try));
        }
    }

    public static bool Pending(EvacuationState state, MachineOptions options, List<MachineEffect> effects, HostId? only, long newerThan)
    {
        if (only is not null || state is not Evacuation s) return false;
        var any = false;
        foreach (var action in EvacuationObligations.Pending(s, newerThan))
        {
            any = true;
            var asked = Ask(s, action);
            effects.Add(Commands.To(CommandShard.Of(asked.Command, options.ShardCount), asked));
        }

        return any;
    }

    private static CommandAsked Ask(Evacuation s, EvacuationAction action) => (action.Verb, action.Guest) switch
    {
        (EvacuationVerb.Cordon, _) => new CommandAsked(s.Id, Keys.Of(action.Host, uncordoned: false), new CordonHost(action.Host)),
        (EvacuationVerb.Uncordon, _) => new CommandAsked(s.Id, Keys.Of(action.Host, uncordoned: true), new UncordonHost(action.Host, s.Id.Actor)),
        (EvacuationVerb.Cancel, { Migration: { } migration }) => new CommandAsked(s.Id, null, new CancelMigration(migration)),
        (EvacuationVerb.Start, { Destination: { } destination } g) => new CommandAsked(
            s.Id, Keys.Of(g.Vm, g.Try), new CreateMigration(g.Vm, destination, PolicyOf(s, g.Vm), s.Id, g.Source)),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "nothing to ask for"),
    };

    // It counts the tries itself.
    private static MigrationPolicy PolicyOf(Evacuation s, VmId vm) => (s.Spec.Policy ?? s.PolicyOf(vm) ?? MigrationPolicy.Default) with { Retries = 0 };

    private static Domain.Decision<EvacuationEvent> Decide(MachineStep step, EvacuationId id, EvacuationInput input) =>
        EvacuationDecider.Decide((EvacuationState?)step.Machine.Find(id.StreamKey)?.State ?? NoEvacuation.Instance, input, step.Now);

    private static void Decide(MachineStep step, string stream, EvacuationInput input)
    {
        if (step.Machine.Find(stream) is { State: EvacuationState state } entry) step.Append(entry, EvacuationDecider.Decide(state, input, step.Now));
    }

    // An older coordinator on the same store would stop at these events.
    private static CommandResult? TooOld(MachineStep step) => step.Contracts >= EventCatalog.Evacuations ? null : CommandResult.Refused(
        "contracts.tooOld", $"this store allows events of contracts {step.Contracts}, evacuations need {EventCatalog.Evacuations}", "finish the upgrade on every node, then: coordinator schema finish");

    private static MigrationId? MigrationOf(string stream) =>
        stream.StartsWith("migration-", StringComparison.Ordinal) && MigrationId.TryParse(stream["migration-".Length..], out var id) ? id : null;

    /// <summary>Names of what is asked: (evacuation, vm, try), and a host's cordon.</summary>
    private static class Keys
    {
        private const string Cordon = "cordon:";
        private const string Uncordon = "uncordon:";

        public static string Of(HostId host, bool uncordoned) => (uncordoned ? Uncordon : Cordon) + host.Value;

        public static string Of(VmId vm, int attempt) => string.Create(CultureInfo.InvariantCulture, $"{vm}/{attempt}");

        public static (HostId Host, bool Uncordoned)? HostOf(string key)
        {
            var uncordoned = key.StartsWith(Uncordon, StringComparison.Ordinal);
            if (!uncordoned && !key.StartsWith(Cordon, StringComparison.Ordinal)) return null;
            return HostId.TryParse(key[(uncordoned ? Uncordon : Cordon).Length..], out var host) ? (host, uncordoned) : null;
        }

        public static (VmId Vm, int Try)? TryOf(string key) =>
            key.Split('/') is [var name, var number] && VmId.TryParse(name, out var vm) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? (vm, attempt) : null;
    }
}
