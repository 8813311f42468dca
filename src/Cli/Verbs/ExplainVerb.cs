using System.CommandLine;
using System.Globalization;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Verbs;

/// <summary><c>lm explain ID</c>: why it came as it did, as a chain of causes.</summary>
internal static class ExplainVerb
{
    public static Command Build()
    {
        var id = new Argument<string>("ID") { Description = "Id of a migration (m-…) or an evacuation (e-…), or the name of a VM for its newest migration." };
        return Common.Verb("explain", "The chain of causes of one migration or evacuation, from the request to where it stands.", [id], async (parsed, session, cancellation) =>
        {
            var name = parsed.GetRequiredValue(id);
            if (EvacuationVerbs.IsId(name)) await EvacuationAsync(session, await EvacuationVerbs.FindAsync(session, name, cancellation), cancellation);
            else await MigrationAsync(session, await MigrationVerbs.FindAsync(session, name, cancellation), cancellation);
            return ExitCodes.Done;
        });
    }

    private static async Task MigrationAsync(Session session, MigrationResource m, CancellationToken cancellation)
    {
        var s = m.Status;
        await ChainAsync(
            session, MigrationVerbs.EventsOf(session, m, cancellation), $"{m.Metadata.Name}: {m.Spec.Vm} from {m.Spec.Source} to {m.Spec.Destination}, epoch {s.Epoch}",
            [$"so it is {s.Phase}{(s.Outcome is null ? "" : ", " + Printers.Outcome(s))}: {s.Verdict}", .. s.WaitingOn.Select(waiting => "waiting on: " + waiting)]);
    }

    private static async Task EvacuationAsync(Session session, EvacuationResource e, CancellationToken cancellation)
    {
        var s = e.Status;
        await ChainAsync(
            session, EvacuationVerbs.EventsOf(session, e, cancellation), $"{e.Metadata.Name}: {string.Join(", ", e.Spec.Hosts)} emptied of {s.Counts.Guests} guests",
            [
                $"so it is {s.Phase}: {s.Verdict}",
                .. s.WaitingOn.Select(waiting => $"waiting on: {waiting.Vm}: {waiting.Why}"),
                .. s.Stays.Select(stay => $"stays: {stay.Vm}: {stay.Why}"),
                .. s.Hosts.Select(EvacuationWords.Power),
                .. s.Guests.Where(guest => guest is { Migration: not null, Phase: not "Arrived" }).Select(guest => $"more of {guest.Vm}: lm explain {guest.Migration}"),
            ]);
    }

    private static async Task ChainAsync(Session session, IAsyncEnumerable<EventResource> history, string head, IEnumerable<string> conclusions)
    {
        var events = new List<EventResource>();
        await foreach (var happened in history) events.Add(happened);
        if (session.Format != OutputFormat.Table)
        {
            await Printers.Events.ListAsync(session.Format, events.ToAsyncEnumerable());
            return;
        }

        Console.Out.WriteLine(head);
        for (var i = 0; i < events.Count; i++) Print(events[i], events[0].At, i == 0 ? null : events[i - 1]);
        foreach (var conclusion in conclusions) Console.Out.WriteLine(conclusion);
    }

    private static void Print(EventResource happened, DateTimeOffset began, EventResource? before)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(before is null ? "" : "  v"),3} +{(happened.At - began).TotalSeconds,8:0.000} s  {happened.Type}"));
        Console.Out.WriteLine($"                  because {Because(happened)}");
        var data = EventWords.Summary(happened);
        if (data.Length > 0) Console.Out.WriteLine($"                  {data}");
        if (before is not null && happened.Term != before.Term) Console.Out.WriteLine($"                  another coordinator process decides from here: term {before.Term} -> {happened.Term}");
    }

    private static string Because(EventResource happened) => happened.Source switch
    {
        "api" => $"{happened.Actor} asked: {happened.Cause.Kind}{(happened.RequestId is { } id ? $" (request {id})" : "")}",
        "hub" => $"{happened.Actor} reported {happened.Cause.Kind} ({happened.Cause.Id})",
        "timer" => $"its time was up ({happened.Cause.Id})",
        _ => $"another shard answered: {Words.Cause(happened)}",
    };
}
