using System.CommandLine;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Verbs;

/// <summary><c>lm hosts …</c></summary>
internal static class HostVerbs
{
    public static Command Build()
    {
        var hosts = new Command("hosts", "Machines that run guests.");
        hosts.Subcommands.Add(Get());
        hosts.Subcommands.Add(Describe());
        hosts.Subcommands.Add(Act("cordon", "Take no new guests; nothing moves."));
        hosts.Subcommands.Add(Act("uncordon", "Take new guests again."));
        hosts.Subcommands.Add(Enrol());
        hosts.Subcommands.Add(Act("retire", "Let a cordoned host without guests leave. Its name is never used again."));
        hosts.Subcommands.Add(WriteOff());
        return hosts;
    }

    private static Command Get()
    {
        var name = new Argument<string?>("HOST") { Description = "One host; all without it.", Arity = ArgumentArity.ZeroOrOne };
        return Common.Verb("get", "List hosts, or show one.", [name], async (parsed, session, cancellation) =>
        {
            if (parsed.GetValue(name) is { } one) Printers.Hosts.One(session.Format, await OneAsync(session, one, cancellation));
            else await Printers.Hosts.ListAsync(session.Format, session.Api.ListAsync("/v1/hosts", ApiJson.Reader.ListResourceHostResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command Describe()
    {
        var name = Common.Name("host");
        return Common.Verb("describe", "Everything about one host, and what can be done now.", [name], async (parsed, session, cancellation) =>
        {
            var host = await OneAsync(session, parsed.GetRequiredValue(name), cancellation);
            if (session.Format != OutputFormat.Table) Printers.Hosts.One(session.Format, host);
            else await Descriptions.HostAsync(session, host, cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command Act(string verb, string description)
    {
        var name = Common.Name("host");
        var reason = Common.Reason();
        return Common.Verb(verb, description, [name, reason], async (parsed, session, cancellation) =>
        {
            var host = await session.Api.PostAsync(
                $"/v1/hosts/{Common.Escape(parsed.GetRequiredValue(name))}:{verb}", new ActionRequest(parsed.GetValue(reason)), ApiJson.Default.ActionRequest, ApiJson.Reader.HostResource, cancellation);
            Printers.Hosts.One(session.Format, host);
            return ExitCodes.Done;
        });
    }

    private static Command Enrol()
    {
        var name = Common.Name("host");
        var reason = Common.Reason();
        return Common.Verb("enrol", "Let a new host's agent connect. Its certificate: lm certs issue host HOST.", [name, reason], async (parsed, session, cancellation) =>
        {
            if (!HostId.TryParse(parsed.GetValue(name), out var host)) throw new CliException(ExitCodes.Usage, Names.Refusal("host", parsed.GetValue(name)));
            var body = new EnrolHost(host, parsed.GetValue(reason));
            Printers.Hosts.One(session.Format, await session.Api.PostAsync("/v1/hosts", body, ApiJson.Default.EnrolHost, ApiJson.Reader.HostResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command WriteOff()
    {
        var name = Common.Name("host");
        var reason = new Option<string>("--reason") { Description = "Why; goes into the history.", Required = true };
        var off = new Option<bool>("--attest-off") { Description = "You have seen that the machine is off.", Required = true };
        return Common.Verb("write-off", "Declare a host gone for good. Its name is never used again.", [name, reason, off], async (parsed, session, cancellation) =>
        {
            var host = parsed.GetRequiredValue(name);
            session.Confirm($"Is {host} really off, and gone for good? Guests that were only there count as lost.");
            var after = await session.Api.PostAsync(
                $"/v1/hosts/{Common.Escape(host)}:writeOff", new WriteOffHost(parsed.GetRequiredValue(reason), parsed.GetValue(off)), ApiJson.Default.WriteOffHost, ApiJson.Reader.HostResource, cancellation);
            Printers.Hosts.One(session.Format, after);
            return ExitCodes.Done;
        });
    }

    private static Task<HostResource> OneAsync(Session session, string name, CancellationToken cancellation) =>
        session.Api.GetAsync($"/v1/hosts/{Common.Escape(name)}", ApiJson.Reader.HostResource, cancellation);
}
