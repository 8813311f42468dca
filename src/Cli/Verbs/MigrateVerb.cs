using System.CommandLine;
using Cli.Output;
using Cli.Watch;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Verbs;

/// <summary><c>lm migrate VM --to HOST</c></summary>
internal static class MigrateVerb
{
    public static Command Build()
    {
        var name = Common.Name("vm");
        var to = new Option<string>("--to") { Description = "Destination host.", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only check; change nothing." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Follow it to its end." };
        var timeout = new Option<int?>("--timeout") { Description = "With --watch: stop watching after so many seconds (exit 8); the migration goes on." };
        var reason = Common.Reason();
        var policy = new PolicyOptions();
        return Common.Verb("migrate", "Move a running VM to another host.", [name, to, dryRun, watch, timeout, reason, .. policy.All], async (parsed, session, cancellation) =>
        {
            if (!VmId.TryParse(parsed.GetValue(name), out var vm)) throw new CliException(ExitCodes.Usage, Names.Refusal("vm", parsed.GetValue(name)));
            if (!HostId.TryParse(parsed.GetValue(to), out var destination)) throw new CliException(ExitCodes.Usage, Names.Refusal("host", parsed.GetValue(to)));
            var body = new CreateMigration(vm, destination, policy.Read(parsed), parsed.GetValue(reason));
            if (parsed.GetValue(dryRun)) return await PlanAsync(session, body, cancellation);
            var made = await session.Api.PostAsync("/v1/migrations", body, ApiJson.Default.CreateMigration, ApiJson.Reader.MigrationResource, cancellation);
            if (parsed.GetValue(watch)) return await MigrationWatch.RunAsync(session, made.Metadata.Name, parsed.GetValue(timeout), cancellation);
            Printers.Migrations.One(session.Format, made);
            if (session.Format == OutputFormat.Table) await Console.Error.WriteLineAsync($"follow it: lm migrations watch {made.Metadata.Name}");
            return ExitCodes.Done;
        });
    }

    private static async Task<int> PlanAsync(Session session, CreateMigration body, CancellationToken cancellation)
    {
        var plan = await session.Api.PostAsync("/v1/migrations?dryRun=true", body, ApiJson.Default.CreateMigration, ApiJson.Reader.MigrationPlan, cancellation);
        if (session.Format != OutputFormat.Table)
        {
            new Printer<MigrationPlan>(ApiJson.Default.MigrationPlan, p => p.Spec.Vm, [], _ => []).One(session.Format, plan);
        }
        else
        {
            Console.Out.WriteLine($"{plan.Spec.Vm}: {plan.Spec.Source} -> {plan.Spec.Destination}: {(plan.Possible ? "possible" : "not possible")}; nothing was changed");
            foreach (var problem in plan.Problems) Console.Out.WriteLine($"  {problem.Severity} {problem.Code}: {problem.Detail} {problem.Remedy}".TrimEnd());
        }

        return plan.Possible ? ExitCodes.Done : ExitCodes.Refused;
    }
}
