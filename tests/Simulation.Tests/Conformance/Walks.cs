using Simulator.Conformance;

namespace Simulation.Tests.Conformance;

/// <summary>The twin walks along.</summary>
internal static class Walks
{
    /// <summary>Null when the twin accepts every step; otherwise the first it refuses, with what led there.</summary>
    public static string? Refusal(IReadOnlyList<ModelStep> steps, bool guarded, bool witness)
    {
        var twin = new HandoffTwin(guarded, witness);
        twin.Place(0, 0);
        twin.Boot(0);
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Kind == StepKind.Hosts) twin.Open(steps[i].Attempt, steps[i].Host, steps.Take(i).Count(s => s.Kind == StepKind.Hosts) + 1);
            else if (twin.Take(steps[i]) is { } rule) return $"step {i}, {steps[i]}: {rule}\n  {string.Join("\n  ", steps.Take(i + 1))}";
        }

        return null;
    }
}
