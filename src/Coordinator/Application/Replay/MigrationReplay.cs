using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Domain;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Replay;

/// <summary>
/// Decides a stored migration again with today's code: the same inputs, in the same order, must lead to the same events. What differs is
/// a change of behaviour, wanted or not.
/// </summary>
/// <remarks>Inputs that led to no event are not stored, so they are not tried again.</remarks>
public static class MigrationReplay
{
    private static readonly Dictionary<string, Type> Reports = Derived(typeof(Report));
    private static readonly Dictionary<string, Type> Messages = Derived(typeof(ShardMessage));

    /// <param name="history">All events of one migration's stream, from version 1.</param>
    /// <exception cref="HistoryFormatException">Cannot be decided again.</exception>
    public static ReplayResult Run(IReadOnlyList<RecordedEvent> history)
    {
        Require(history);
        MigrationState state = NotRequested.Instance;
        var decisions = 0;
        for (var at = 0; at < history.Count;)
        {
            var count = LengthOfDecision(history, at);
            var stored = history.Skip(at).Take(count).Select(Read).ToList();
            var decision = MigrationDecider.Decide(state, InputOf(history[at], stored[0], state));
            if (Difference(history, at, stored, decision) is { } difference) return new ReplayResult(decisions, difference.Version - 1, difference);
            for (var i = 0; i < count; i++) state = MigrationEvolution.Evolve(state, stored[i], history[at + i].Version, history[at + i].At);
            decisions++;
            at += count;
        }

        return new ReplayResult(decisions, history.Count, null);
    }

    private static void Require(IReadOnlyList<RecordedEvent> history)
    {
        if (history.Count == 0) throw new HistoryFormatException("the history is empty");
        for (var i = 0; i < history.Count; i++)
        {
            var e = history[i];
            if (!e.Stream.StartsWith("migration-", StringComparison.Ordinal)) throw new HistoryFormatException($"{e.Stream} is no migration: only migrations are decided again");
            if (e.Stream != history[0].Stream) throw new HistoryFormatException($"event {i + 1} is of {e.Stream}, the ones before it of {history[0].Stream}: give one migration at a time");
            if (e.Version != i + 1) throw new HistoryFormatException($"event {i + 1} has version {e.Version}: the history must begin at version 1 and have no gaps");
        }
    }

    // The input is stored with the first event of its decision. A timer has no input to store, and the request's is with the VM.
    private static int LengthOfDecision(IReadOnlyList<RecordedEvent> history, int at)
    {
        var first = history[at];
        var end = at + 1;
        while (end < history.Count && history[end] is { CauseBody: null } next && next.CauseKind == first.CauseKind && next.CauseId == first.CauseId && next.Type is not (nameof(MigrationRequested) or nameof(HistoryCut))) end++;
        return end - at;
    }

    private static MigrationEvent Read(RecordedEvent e)
    {
        try
        {
            return (MigrationEvent)EventCatalog.Read(e.Type, e.SchemaVersion, Encoding.UTF8.GetBytes(e.Data.GetRawText()));
        }
        catch (Exception problem) when (problem is JsonException or InvalidCastException or UnknownEventException)
        {
            throw new HistoryFormatException($"event {e.Version}, {e.Type}: {problem.Message}", problem);
        }
    }

    private static MigrationInput InputOf(RecordedEvent first, MigrationEvent stored, MigrationState state)
    {
        if (stored is MigrationRequested request) return new RequestMigration(request.Plan);
        if (first.CauseKind == nameof(TimerFired)) return new DeadlineReached();
        var plan = (state as Planned)?.Plan ?? throw new HistoryFormatException($"event {first.Version} follows the end of the migration");
        if (stored is HistoryCut cut) return new CutHistory(cut.Restore);
        return (first.CauseKind switch
        {
            nameof(CancelMigration) => MigrationInputs.Of(new CancelMigration(plan.Id), first.Actor, first.Reason),
            nameof(ForceMigration) => MigrationInputs.Of(new ForceMigration(plan.Id), first.Actor, first.Reason),
            nameof(ResolveMigration) => Resolution(first, stored),
            _ when Messages.TryGetValue(first.CauseKind, out var message) => MigrationInputs.Of(plan, (ShardMessage)Body(first, message)),
            _ when Reports.TryGetValue(first.CauseKind, out var report) => MigrationInputs.Of(plan, Host(first), (MigrationReport)Body(first, report)),
            _ => null,
        }) ?? throw new HistoryFormatException($"event {first.Version}: today's code gives {first.CauseKind} ({first.CauseId}) to no migration");
    }

    // The epoch that a resolution burns is the VM's to give: it is taken from the event.
    private static MigrationInput Resolution(RecordedEvent first, MigrationEvent stored)
    {
        var asked = (ResolveMigration)Body(first, typeof(ResolveMigration), CommandJson.Default);
        return new ResolveHeld(asked.Choice, (stored as HeldResolved)?.NewEpoch ?? default, first.Reason ?? "", asked.SecondPerson);
    }

    private static HostId Host(RecordedEvent first) => first.Actor.StartsWith("host/", StringComparison.Ordinal) && HostId.TryParse(first.Actor["host/".Length..], out var host)
        ? host
        : throw new HistoryFormatException($"event {first.Version} was decided on a report, and {first.Actor} is no host");

    private static object Body(RecordedEvent first, Type type, JsonSerializerContext? context = null)
    {
        if (first.CauseBody is not { } body) throw new HistoryFormatException($"event {first.Version} does not say what was decided on: its {first.CauseKind} is not stored");
        try
        {
            return body.Deserialize(type, context ?? DomainJson.Default)!;
        }
        catch (JsonException problem)
        {
            throw new HistoryFormatException($"event {first.Version}: its {first.CauseKind} cannot be read: {problem.Message}", problem);
        }
    }

    private static ReplayDifference? Difference(IReadOnlyList<RecordedEvent> history, int at, List<MigrationEvent> stored, Decision<MigrationEvent> today)
    {
        var first = history[at];
        for (var i = 0; i < Math.Max(stored.Count, today.Events.Count); i++)
        {
            var then = i < stored.Count ? Text(stored[i]) : "nothing more";
            var now = i < today.Events.Count ? Text(today.Events[i]) : today.Refusal is { } refusal ? $"refused: {refusal.Code}, {refusal.Detail}" : "nothing more";
            if (then != now) return new ReplayDifference(first.Version + i, $"{first.CauseKind} ({first.CauseId}) by {first.Actor}", then, now);
        }

        return null;
    }

    // As today's code writes it, so that only content counts.
    private static string Text(MigrationEvent happened)
    {
        var type = EventCatalog.TypeOf(happened);
        return $"{type.Name} {JsonSerializer.Serialize(happened, type.Json)}";
    }

    private static Dictionary<string, Type> Derived(Type family) =>
        family.GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false).Cast<JsonDerivedTypeAttribute>().ToDictionary(a => a.DerivedType.Name, a => a.DerivedType);
}
