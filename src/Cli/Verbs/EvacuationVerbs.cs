using System.CommandLine;
using Cli.Output;
using Cli.Watch;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Verbs;

/// <summary><c>lm evacuations …</c></summary>
internal static class EvacuationVerbs
{
    public static Command Build()
    {
        var evacuations = new Command("evacuations", "Hosts that are being emptied, and those that were.");
        evacuations.Subcommands.Add(Get());
        evacuations.Subcommands.Add(Describe());
        evacuations.Subcommands.Add(Plan());
        evacuations.Subcommands.Add(Watch());
        evacuations.Subcommands.Add(Events());
        evacuations.Subcommands.Add(Act("pause", "pause", "Start nothing new; what moves, ends."));
        evacuations.Subcommands.Add(Act("resume", "resume", "Go on. What has failed so far counts no more against the budget."));
        evacuations.Subcommands.Add(Cancel());
        evacuations.Subcommands.Add(Act("retry-failed", "retryFailed", "Try guests again that failed for good."));
        return evacuations;
    }

    public static bool IsId(string name) => name.StartsWith("e-", StringComparison.Ordinal) && EvacuationId.TryParse(name, out _);

    /// <summary>The evacuation named, or the newest one of the host named.</summary>
    public static async Task<EvacuationResource> FindAsync(Session session, string name, CancellationToken cancellation)
    {
        if (IsId(name)) return await session.Api.GetAsync("/v1/evacuations/" + name, ApiJson.Reader.EvacuationResource, cancellation);
        var newest = await session.Api.GetAsync($"/v1/evacuations?host={Common.Escape(name)}&limit=1", ApiJson.Reader.ListResourceEvacuationResource, cancellation);
        return newest.Items is [var one] ? one : throw new CliException(ExitCodes.NotFound, $"there is no evacuation '{name}', and no host of that name was ever emptied", "list them: lm evacuations get");
    }

    public static IAsyncEnumerable<EventResource> EventsOf(Session session, EvacuationResource evacuation, CancellationToken cancellation) =>
        session.Api.ListAsync($"/v1/evacuations/{evacuation.Metadata.Name}/events", ApiJson.Reader.ListResourceEventResource, cancellation);

    private static Argument<string> Id() => new("ID") { Description = "Id of the evacuation (e-…), or the name of one of its hosts for the newest one." };

    private static Command Get()
    {
        var id = new Argument<string?>("ID") { Description = "One evacuation; all without it.", Arity = ArgumentArity.ZeroOrOne };
        var open = new Option<bool>("--open") { Description = "Only those that are not over." };
        return Common.Verb("get", "List evacuations, newest first, or show one.", [id, open], async (parsed, session, cancellation) =>
        {
            if (parsed.GetValue(id) is { } one) Printers.Evacuations.One(session.Format, await FindAsync(session, one, cancellation));
            else await Printers.Evacuations.ListAsync(session.Format, session.Api.ListAsync("/v1/evacuations" + (parsed.GetValue(open) ? "?open=true" : ""), ApiJson.Reader.ListResourceEvacuationResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command Describe() => OfOne("describe", "Everything about one evacuation: waves, guests, hosts, what happened, what can be done now.", async (session, evacuation, cancellation) =>
    {
        if (session.Format != OutputFormat.Table) Printers.Evacuations.One(session.Format, evacuation);
        else await Descriptions.EvacuationAsync(session, evacuation, cancellation);
    });

    private static Command Plan() => OfOne("plan", "The plan that it follows.", async (session, evacuation, cancellation) =>
    {
        var plan = await session.Api.GetAsync($"/v1/evacuations/{evacuation.Metadata.Name}/plan", ApiJson.Reader.EvacuationPlan, cancellation);
        if (session.Format == OutputFormat.Table) PlanText.Print(plan);
        else new Printer<Coordinator.Shared.Contracts.Evacuations.EvacuationPlan>(ApiJson.Default.EvacuationPlan, _ => evacuation.Metadata.Name, [], _ => []).One(session.Format, plan);
    });

    private static Command Events() => OfOne("events", "The history of one evacuation.", (session, evacuation, cancellation) =>
        Printers.Events.ListAsync(session.Format, EventsOf(session, evacuation, cancellation)));

    private static Command Watch()
    {
        var id = Id();
        var timeout = new Option<int?>("--timeout") { Description = "Stop watching after so many seconds (exit 8); the evacuation goes on." };
        return Common.Verb("watch", "Follow one evacuation to its end. Exit code 0: every guest has left; 3: some stay; 1: aborted.", [id, timeout], async (parsed, session, cancellation) =>
        {
            var evacuation = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            return await EvacuationWatch.RunAsync(session, evacuation.Metadata.Name, parsed.GetValue(timeout), cancellation);
        });
    }

    private static Command OfOne(string verb, string description, Func<Session, EvacuationResource, CancellationToken, Task> show)
    {
        var id = Id();
        return Common.Verb(verb, description, [id], async (parsed, session, cancellation) =>
        {
            await show(session, await FindAsync(session, parsed.GetRequiredValue(id), cancellation), cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command Act(string verb, string action, string description)
    {
        var id = Id();
        var reason = Common.Reason();
        return Common.Verb(verb, description, [id, reason], async (parsed, session, cancellation) =>
        {
            var evacuation = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            Printers.Evacuations.One(session.Format, await session.Api.PostAsync(
                $"/v1/evacuations/{evacuation.Metadata.Name}:{action}", new ActionRequest(parsed.GetValue(reason)), ApiJson.Default.ActionRequest, ApiJson.Reader.EvacuationResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command Cancel()
    {
        var id = Id();
        var reason = Common.Reason();
        var stop = new Option<bool>("--stop-running") { Description = "Also cancel the migrations under way; else they end as they may." };
        return Common.Verb("cancel", "End it: nothing new starts, guests that have left stay where they are, its cordons are taken back.", [id, reason, stop], async (parsed, session, cancellation) =>
        {
            var evacuation = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            var body = new CancelEvacuation(parsed.GetValue(stop), parsed.GetValue(reason));
            Printers.Evacuations.One(session.Format, await session.Api.PostAsync(
                $"/v1/evacuations/{evacuation.Metadata.Name}:cancel", body, ApiJson.Default.CancelEvacuation, ApiJson.Reader.EvacuationResource, cancellation));
            return ExitCodes.Done;
        });
    }
}
