using System.Text.Json;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Server.Hosting;

/// <summary><c>coordinator plan FILE</c>: plans an evacuation from a file, as JSON on standard output; needs no store and no hosts.</summary>
public static class PlanCommand
{
    public const string Name = "plan";

    private const int ShownMax = 20;

    /// <returns>0: possible; 1: there are blockers, and the plan of the rest; 2: the instance cannot be used, each fault with its JSON path.</returns>
    public static int Run(Stream instance, string name, TextWriter output, TextWriter errors)
    {
        try
        {
            var read = JsonSerializer.Deserialize(instance, PlanJson.Default.PlanInstance);
            if (read is null) return Refuse(name, errors, [new("$", "it is null")]);
            if (InstanceCheck.Of(read) is { Count: > 0 } faults) return Refuse(name, errors, faults);
            var plan = EvacuationPlanner.Plan(read);
            output.WriteLine(JsonSerializer.Serialize(plan, PlanJson.Default.EvacuationPlan));
            return plan.Possible ? ExitCodes.Stopped : ExitCodes.Failed;
        }
        catch (JsonException e)
        {
            return Refuse(name, errors, [new(e.Path ?? "$", FormattableString.Invariant($"line {e.LineNumber + 1}: {e.Message.Split(" Path:")[0]}"))]);
        }
    }

    private static int Refuse(string name, TextWriter errors, IReadOnlyList<InstanceFault> faults)
    {
        foreach (var fault in faults.Take(ShownMax)) errors.WriteLine($"{name}: {fault.Path}: {fault.Detail}");
        if (faults.Count > ShownMax) errors.WriteLine($"    and {faults.Count - ShownMax} more");
        errors.WriteLine("    the format: docs/reference/plan-instance.md");
        return ExitCodes.Usage;
    }
}
