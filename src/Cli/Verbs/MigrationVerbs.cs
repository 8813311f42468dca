using System.CommandLine;
using Cli.Output;
using Cli.Watch;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Verbs;

/// <summary><c>lm migrations …</c></summary>
internal static class MigrationVerbs
{
    public static Command Build()
    {
        var migrations = new Command("migrations", "Moves of VMs: running ones and those that have ended.");
        migrations.Subcommands.Add(Get());
        migrations.Subcommands.Add(Describe());
        migrations.Subcommands.Add(Watch());
        migrations.Subcommands.Add(Events());
        migrations.Subcommands.Add(Act("cancel", "cancel", "Stop it; the guest stays where it is."));
        migrations.Subcommands.Add(Act("force-switchover", "forceSwitchover", "Switch over at the next round whatever the expected blackout."));
        migrations.Subcommands.Add(Resolve());
        return migrations;
    }

    /// <summary>The migration named, or the newest one of the VM named.</summary>
    public static async Task<MigrationResource> FindAsync(Session session, string name, CancellationToken cancellation)
    {
        if (name.StartsWith("m-", StringComparison.Ordinal) && Coordinator.Shared.Identity.MigrationId.TryParse(name, out _))
        {
            return await session.Api.GetAsync("/v1/migrations/" + name, ApiJson.Reader.MigrationResource, cancellation);
        }

        var newest = await session.Api.GetAsync($"/v1/migrations?vm={Common.Escape(name)}&limit=1", ApiJson.Reader.ListResourceMigrationResource, cancellation);
        return newest.Items is [var one] ? one : throw new CliException(ExitCodes.NotFound, $"there is no migration '{name}', and no VM of that name ever moved", "list them: lm migrations get");
    }

    private static Command Get()
    {
        var id = new Argument<string?>("ID") { Description = "One migration; all without it.", Arity = ArgumentArity.ZeroOrOne };
        var vm = new Option<string?>("--vm") { Description = "Only of this VM." };
        var host = new Option<string?>("--host") { Description = "Only from or to this host." };
        var phase = new Option<string?>("--phase") { Description = "Only in this phase." };
        var open = new Option<bool>("--open") { Description = "Only those not closed yet." };
        return Common.Verb("get", "List migrations, newest first, or show one.", [id, vm, host, phase, open], async (parsed, session, cancellation) =>
        {
            if (parsed.GetValue(id) is { } one)
            {
                Printers.Migrations.One(session.Format, await FindAsync(session, one, cancellation));
                return ExitCodes.Done;
            }

            var query = new[] { ("vm", parsed.GetValue(vm)), ("host", parsed.GetValue(host)), ("phase", parsed.GetValue(phase)), ("open", parsed.GetValue(open) ? "true" : null) }
                .Where(pair => pair.Item2 is not null).Select(pair => $"{pair.Item1}={Common.Escape(pair.Item2!)}");
            var path = "/v1/migrations?" + string.Join('&', query);
            await Printers.Migrations.ListAsync(session.Format, session.Api.ListAsync(path.TrimEnd('?'), ApiJson.Reader.ListResourceMigrationResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command Describe()
    {
        var id = Common.MigrationName();
        return Common.Verb("describe", "Everything about one migration: figures, what happened, what can be done now.", [id], async (parsed, session, cancellation) =>
        {
            var migration = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            if (session.Format != OutputFormat.Table) Printers.Migrations.One(session.Format, migration);
            else await Descriptions.MigrationAsync(session, migration, cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command Watch()
    {
        var id = Common.MigrationName();
        var timeout = new Option<int?>("--timeout") { Description = "Stop watching after so many seconds (exit 8); the migration goes on." };
        return Common.Verb("watch", "Follow one migration to its end. Exit code 0 only if it completed.", [id, timeout], async (parsed, session, cancellation) =>
        {
            var migration = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            return await MigrationWatch.RunAsync(session, migration.Metadata.Name, parsed.GetValue(timeout), cancellation);
        });
    }

    private static Command Events()
    {
        var id = Common.MigrationName();
        return Common.Verb("events", "The history of one migration.", [id], async (parsed, session, cancellation) =>
        {
            var migration = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            await Printers.Events.ListAsync(session.Format, EventsOf(session, migration, cancellation));
            return ExitCodes.Done;
        });
    }

    public static IAsyncEnumerable<EventResource> EventsOf(Session session, MigrationResource migration, CancellationToken cancellation) =>
        session.Api.ListAsync($"/v1/migrations/{migration.Metadata.Name}/events", ApiJson.Reader.ListResourceEventResource, cancellation);

    private static Command Act(string verb, string action, string description)
    {
        var id = Common.MigrationName();
        var reason = Common.Reason();
        return Common.Verb(verb, description, [id, reason], async (parsed, session, cancellation) =>
        {
            var migration = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            var after = await session.Api.PostAsync(
                $"/v1/migrations/{migration.Metadata.Name}:{action}", new ActionRequest(parsed.GetValue(reason)), ApiJson.Default.ActionRequest, ApiJson.Reader.MigrationResource, cancellation);
            Printers.Migrations.One(session.Format, after);
            if (session.Format == OutputFormat.Table && after.Status.Cancel == "requested")
            {
                await Console.Error.WriteLineAsync($"asked for; whether it was in time is decided by the hosts: lm migrations watch {after.Metadata.Name}");
            }

            return ExitCodes.Done;
        });
    }

    private static Command Resolve()
    {
        var id = Common.MigrationName();
        var resume = new Option<bool>("--resume-source") { Description = "The source's copy runs again; what the destination did since is given up." };
        var restart = new Option<bool>("--restart-from-disk") { Description = "Both copies of the memory are given up." };
        var wait = new Option<bool>("--wait") { Description = "Decide later." };
        var reason = new Option<string>("--reason") { Description = "Why; goes into the history.", Required = true };
        var second = new Option<string?>("--second-person") { Description = "Who agreed." };
        return Common.Verb("resolve", "Decide a held migration.", [id, resume, restart, wait, reason, second], async (parsed, session, cancellation) =>
        {
            var chosen = new[] { (resume, "resumeSource"), (restart, "restartFromDisk"), (wait, "wait") }.Where(pair => parsed.GetValue(pair.Item1)).Select(pair => pair.Item2).ToList();
            if (chosen is not [var choice]) throw new CliException(ExitCodes.Usage, "choose one of --resume-source, --restart-from-disk, --wait");
            var migration = await FindAsync(session, parsed.GetRequiredValue(id), cancellation);
            if (choice != "wait") session.Confirm($"This gives something up for good. Really {choice} {migration.Spec.Vm}?");
            var after = await session.Api.PostAsync(
                $"/v1/migrations/{migration.Metadata.Name}:resolve", new ResolveMigration(choice, parsed.GetRequiredValue(reason), parsed.GetValue(second)),
                ApiJson.Default.ResolveMigration, ApiJson.Reader.MigrationResource, cancellation);
            Printers.Migrations.One(session.Format, after);
            return ExitCodes.Done;
        });
    }
}
