namespace Coordinator.Server.Hub;

/// <summary>Whether an agent may speak for its host. Closed family.</summary>
public abstract record Admission
{
    private Admission()
    {
    }

    public sealed record Admitted : Admission;

    /// <param name="Code">One of <see cref="Coordinator.Shared.Contracts.HubRefusalCodes"/>.</param>
    public sealed record RefusedAdmission(string Code, string Detail) : Admission;
}
