using System.CommandLine;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Cli.Verbs;

/// <summary><c>lm vms …</c></summary>
internal static class VmVerbs
{
    public static Command Build()
    {
        var vms = new Command("vms", "Virtual machines and where they may run.");
        vms.Subcommands.Add(Get());
        vms.Subcommands.Add(Describe());
        vms.Subcommands.Add(New("register", "Make a VM known and start it on a host.", (session, body, cancellation) =>
            session.Api.PostAsync("/v1/vms", body, ApiJson.Default.RegisterVm, ApiJson.Reader.VmResource, cancellation)));
        vms.Subcommands.Add(New("adopt", "Take over a VM that already runs on a host.", (session, body, cancellation) => session.Api.PostAsync(
            "/v1/vms:adopt", new AdoptVmRequest(body.Name, body.Host, body.Spec, body.Reason), ApiJson.Default.AdoptVmRequest, ApiJson.Reader.VmResource, cancellation)));
        vms.Subcommands.Add(Start());
        vms.Subcommands.Add(Stop());
        return vms;
    }

    private static Command Get()
    {
        var name = new Argument<string?>("VM") { Description = "One VM; all without it.", Arity = ArgumentArity.ZeroOrOne };
        var host = new Option<string?>("--host") { Description = "Only those placed there." };
        return Common.Verb("get", "List VMs, or show one.", [name, host], async (parsed, session, cancellation) =>
        {
            var path = parsed.GetValue(host) is { } where ? "/v1/vms?host=" + Common.Escape(where) : "/v1/vms";
            if (parsed.GetValue(name) is { } one) Printers.Vms.One(session.Format, await OneAsync(session, one, cancellation));
            else await Printers.Vms.ListAsync(session.Format, session.Api.ListAsync(path, ApiJson.Reader.ListResourceVmResource, cancellation));
            return ExitCodes.Done;
        });
    }

    private static Command Describe()
    {
        var name = Common.Name("vm");
        return Common.Verb("describe", "Everything about one VM, and what can be done now.", [name], async (parsed, session, cancellation) =>
        {
            var vm = await OneAsync(session, parsed.GetRequiredValue(name), cancellation);
            if (session.Format != OutputFormat.Table) Printers.Vms.One(session.Format, vm);
            else await Descriptions.VmAsync(session, vm, cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command New(string verb, string description, Func<Session, RegisterVm, CancellationToken, Task<VmResource>> send)
    {
        var name = Common.Name("vm");
        var host = new Option<string>("--host") { Description = "Where.", Required = true };
        var reason = Common.Reason();
        var guest = new GuestOptions();
        return Common.Verb(verb, description, [name, host, reason, .. guest.All], async (parsed, session, cancellation) =>
        {
            if (!VmId.TryParse(parsed.GetValue(name), out var vm)) throw new CliException(ExitCodes.Usage, Names.Refusal("vm", parsed.GetValue(name)));
            if (!HostId.TryParse(parsed.GetValue(host), out var where)) throw new CliException(ExitCodes.Usage, Names.Refusal("host", parsed.GetValue(host)));
            var made = await send(session, new RegisterVm(vm, where, guest.Read(parsed), Reason: parsed.GetValue(reason)), cancellation);
            Printers.Vms.One(session.Format, made);
            return ExitCodes.Done;
        });
    }

    private static Command Start()
    {
        var name = Common.Name("vm");
        var host = new Option<string?>("--host") { Description = "Another host than the last one." };
        var reason = Common.Reason();
        return Common.Verb("start", "Start a stopped or lost VM.", [name, host, reason], async (parsed, session, cancellation) =>
        {
            HostId? where = null;
            if (parsed.GetValue(host) is { } text) where = HostId.TryParse(text, out var id) ? id : throw new CliException(ExitCodes.Usage, Names.Refusal("host", text));
            var after = await session.Api.PostAsync(
                $"/v1/vms/{Common.Escape(parsed.GetRequiredValue(name))}:start", new StartVmRequest(where, parsed.GetValue(reason)), ApiJson.Default.StartVmRequest, ApiJson.Reader.VmResource, cancellation);
            Printers.Vms.One(session.Format, after);
            return ExitCodes.Done;
        });
    }

    private static Command Stop()
    {
        var name = Common.Name("vm");
        var reason = Common.Reason();
        return Common.Verb("stop", "Stop a VM; its memory is given up.", [name, reason], async (parsed, session, cancellation) =>
        {
            var vm = parsed.GetRequiredValue(name);
            session.Confirm($"This stops the guest and gives up its memory. Really stop {vm}?");
            var after = await session.Api.PostAsync(
                $"/v1/vms/{Common.Escape(vm)}:stop", new ActionRequest(parsed.GetValue(reason)), ApiJson.Default.ActionRequest, ApiJson.Reader.VmResource, cancellation);
            Printers.Vms.One(session.Format, after);
            return ExitCodes.Done;
        });
    }

    private static Task<VmResource> OneAsync(Session session, string name, CancellationToken cancellation) =>
        session.Api.GetAsync($"/v1/vms/{Common.Escape(name)}", ApiJson.Reader.VmResource, cancellation);
}
