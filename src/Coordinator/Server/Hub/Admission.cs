namespace Coordinator.Server.Hub;

/// <summary>Whether an agent may speak for its host. Closed family.</summary>
public abstract record Admission
{
    private Admission()
    {
    }

    /// <param name="Restore">The restore whose store has kept what the hello said; null: never restored.</param>
    public sealed record Admitted(string? Restore = null) : Admission;

    /// <param name="Code">One of <see cref="Coordinator.Shared.Contracts.HubRefusalCodes"/>.</param>
    public sealed record RefusedAdmission(string Code, string Detail) : Admission;
}
