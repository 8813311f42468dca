namespace Simulator.Evacuations;

/// <summary>How a run of an evacuation went.</summary>
/// <param name="Makespan">Seconds; infinite where some never could start.</param>
/// <param name="WorstBlackout">Seconds.</param>
/// <param name="OverCap">Guests whose blackout was over their own limit.</param>
/// <param name="Broken">Capacity, constraints or links that were exceeded, in sentences; empty in a right run.</param>
/// <param name="Most">Of each thing that has a cap: the most at once.</param>
public sealed record FluidResult(double Makespan, double Bytes, double Memory, double WorstBlackout, int OverCap, int Arrived, IReadOnlyList<string> Broken, IReadOnlyDictionary<string, int> Most)
{
    public bool Finished => double.IsFinite(Makespan);
}
