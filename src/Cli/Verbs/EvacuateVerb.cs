using System.CommandLine;
using Cli.Output;
using Cli.Watch;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;

namespace Cli.Verbs;

/// <summary><c>lm evacuate HOST…</c>: plan first, then a yes, then it runs by itself.</summary>
internal static class EvacuateVerb
{
    private const string DryRun = "/v1/evacuations?dryRun=true";

    public static Command Build()
    {
        var hosts = new Argument<string[]>("HOST") { Description = "Hosts to empty, several at once as one plan.", Arity = ArgumentArity.OneOrMore };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show the plan; change nothing. Exit code 5 if something stands in the way." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow it to its end." };
        var timeout = new Option<int?>("--timeout") { Description = "With --watch: stop watching after so many seconds (exit 8); the evacuation goes on." };
        var limits = new EvacuationOptions();
        return Common.Verb("evacuate", "Empty hosts: move every guest away, in waves, inside a failure budget.", [hosts, dryRun, watch, timeout, .. limits.All], async (parsed, session, cancellation) =>
        {
            var body = limits.Read(parsed, parsed.GetRequiredValue(hosts));
            if (parsed.GetValue(dryRun)) return Show(session, await PlanAsync(session, body, cancellation));
            await session.ConfirmAsync($"Empty {string.Join(", ", body.Hosts)}?", async () => ShowBlocked(await PlanAsync(session, body, cancellation)));
            var made = await session.Api.PostAsync("/v1/evacuations", body, ApiJson.Default.CreateEvacuation, ApiJson.Reader.EvacuationResource, cancellation);
            if (parsed.GetValue(watch)) return await EvacuationWatch.RunAsync(session, made.Metadata.Name, parsed.GetValue(timeout), cancellation);
            Printers.Evacuations.One(session.Format, made);
            if (session.Format == OutputFormat.Table) await Console.Error.WriteLineAsync($"follow it: lm evacuations watch {made.Metadata.Name}");
            return ExitCodes.Done;
        });
    }

    private static Task<EvacuationPlan> PlanAsync(Session session, CreateEvacuation body, CancellationToken cancellation) =>
        session.Api.PostAsync(DryRun, body, ApiJson.Default.CreateEvacuation, ApiJson.Reader.EvacuationPlan, cancellation);

    private static int Show(Session session, EvacuationPlan plan)
    {
        if (session.Format == OutputFormat.Table) PlanText.Print(plan);
        else new Printer<EvacuationPlan>(ApiJson.Default.EvacuationPlan, p => p.Possible ? "possible" : "blocked", [], _ => []).One(session.Format, plan);
        return plan.Possible ? ExitCodes.Done : ExitCodes.Refused;
    }

    // Nobody is asked about what cannot be done.
    private static void ShowBlocked(EvacuationPlan plan)
    {
        PlanText.Print(plan);
        if (!plan.Possible) throw new CliException(ExitCodes.Refused, $"{plan.Blockers.Count} guests stand in the way: nothing was done", "each line above says what can be done about it");
    }
}
