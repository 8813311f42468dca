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
        var id = Common.MigrationName();
        return Common.Verb("explain", "The chain of causes of one migration, from the request to where it stands.", [id], async (parsed, session, cancellation) =>
        {
            var migration = await MigrationVerbs.FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            var events = new List<EventResource>();
            await foreach (var happened in MigrationVerbs.EventsOf(session, migration, cancellation)) events.Add(happened);
            if (session.Format == OutputFormat.Table) Print(migration, events);
            else await Printers.Events.ListAsync(session.Format, events.ToAsyncEnumerable());
            return ExitCodes.Done;
        });
    }

    private static void Print(MigrationResource migration, List<EventResource> events)
    {
        Console.Out.WriteLine($"{migration.Metadata.Name}: {migration.Spec.Vm} from {migration.Spec.Source} to {migration.Spec.Destination}, epoch {migration.Status.Epoch}");
        for (var i = 0; i < events.Count; i++)
        {
            var happened = events[i];
            var since = happened.At - events[0].At;
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : "  v"),3} +{since.TotalSeconds,8:0.000} s  {happened.Type}"));
            Console.Out.WriteLine($"                  because {Because(happened)}");
            var data = EventWords.Summary(happened);
            if (data.Length > 0) Console.Out.WriteLine($"                  {data}");
            if (i > 0 && happened.Term != events[i - 1].Term) Console.Out.WriteLine($"                  another coordinator process decides from here: term {events[i - 1].Term} -> {happened.Term}");
        }

        var s = migration.Status;
        Console.Out.WriteLine($"so it is {s.Phase}{(s.Outcome is null ? "" : ", " + Printers.Outcome(s))}: {s.Verdict}");
        foreach (var waiting in s.WaitingOn) Console.Out.WriteLine($"waiting on: {waiting}");
    }

    private static string Because(EventResource happened) => happened.Source switch
    {
        "api" => $"{happened.Actor} asked: {happened.Cause.Kind}{(happened.RequestId is { } id ? $" (request {id})" : "")}",
        "hub" => $"{happened.Actor} reported {happened.Cause.Kind} ({happened.Cause.Id})",
        "timer" => $"its time was up ({happened.Cause.Id})",
        _ => $"another shard answered: {Words.Cause(happened)}",
    };
}
