using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Api;

/// <summary>What a person must say when a person decides.</summary>
public static class ResolutionRules
{
    /// <exception cref="RefusedException">No reason, an unknown choice, or nobody who agreed.</exception>
    public static void Check(ResolveMigration body)
    {
        var errors = new FieldErrors("$.");
        errors.OneOf("choice", body.Choice, "resumeSource", "restartFromDisk", "wait");
        if (string.IsNullOrWhiteSpace(body.Reason)) errors.Add("reason", "is empty: it goes into the history");
        if (body.Choice != "wait" && string.IsNullOrWhiteSpace(body.SecondPerson)) errors.Add("secondPerson", "is missing: this choice gives something up, so two people must agree");
        errors.ThrowIfAny();
    }

    /// <exception cref="RefusedException">No reason, or nobody attests that the machine is off.</exception>
    public static void Check(WriteOffHost body)
    {
        var errors = new FieldErrors("$.");
        if (string.IsNullOrWhiteSpace(body.Reason)) errors.Add("reason", "is empty: it goes into the history");
        if (!body.AttestedOff) errors.Add("attestedOff", "must be true: only a person can say that the machine is off");
        errors.ThrowIfAny();
    }
}
