namespace Simulator.Evacuations;

/// <summary>Decides who starts when in a <see cref="FluidRun"/>.</summary>
public interface IStartPolicy
{
    /// <summary>Asked whenever something has happened.</summary>
    IReadOnlyList<(string Guest, string Destination)> Start(FluidRun world);

    /// <summary>The guest will be done within a set-up time, at its present rate.</summary>
    void Ending(string guest);

    void Arrived(string guest, double now);

    /// <summary>When it wants to be asked although nothing happened, seconds; null = never.</summary>
    double? WakeAt { get; }
}
