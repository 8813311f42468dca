using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Server.Api;

/// <summary>Ranges of an evacuation's fields, all wrong ones named at once.</summary>
public static class EvacuationRules
{
    private const int HostsMax = 1_000;
    private const int Many = 100_000;

    /// <exception cref="RefusedException">A field is out of its range.</exception>
    public static void Check(CreateEvacuation body, DateTimeOffset now)
    {
        var errors = new FieldErrors("$.");
        if (body.Hosts.Count is 0 or > HostsMax) errors.Add("hosts", $"names {body.Hosts.Count} hosts, must name 1 to {HostsMax}");
        if (body.Hosts.Distinct().Count() != body.Hosts.Count) errors.Add("hosts", "names a host twice");
        errors.Range("canary", body.Canary, 0, 1_000);
        if (body.SoakSeconds is not (>= 0 and <= 604_800)) errors.Add("soakSeconds", "must be 0 to 604800");
        if (body.WaveSize is { } size) errors.Range("waveSize", size, 1, Many);
        errors.OneOf("onNonMigratable", body.OnNonMigratable, "block", "skip");
        errors.Range("failureBudget", body.FailureBudget, 0, Many);
        if (body.FailureRate is not (null or (>= 0 and <= 1))) errors.Add("failureRate", "must be 0 to 1");
        errors.Range("retries", body.Retries, 0, 20);
        if (body.DeadlineSeconds is { } deadline) errors.Range("deadlineSeconds", deadline, 1, 2_592_000);
        if (body.NotAfter <= now) errors.Add("notAfter", "is over already");
        if (body.NotAfter <= body.NotBefore) errors.Add("notAfter", "is not after notBefore");
        Caps(errors, body.Caps ?? PlanCaps.Default);
        errors.ThrowIfAny();
        PolicyRules.Check(body.Policy);
    }

    private static void Caps(FieldErrors errors, PlanCaps caps)
    {
        errors.Range("caps.global", caps.Global, 1, Many);
        errors.Range("caps.hostOut", caps.HostOut, 1, Many);
        errors.Range("caps.hostIn", caps.HostIn, 1, Many);
        errors.Range("caps.link", caps.Link ?? 1, 1, Many);
        errors.Range("caps.group", caps.Group, 1, Many);
    }
}
