using Simulator.Conformance;

namespace Simulation.Tests.Conformance;

/// <summary>The twin accepts what the model does: random walks of spin through the model, with every kind of fault that it knows.</summary>
public sealed class CommonTraces
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("LM_FULL") == "1";
    private static readonly int WalksEach = Full ? 500 : 27;

    private static readonly string[][] Variants =
    [
        ["-DNA=1", "-DCRASH=1"],
        ["-DNA=1", "-DCRASH=1", "-DLOSS=1"],
        ["-DNA=1", "-DCRASH=1", "-DHOSTDOWN=1", "-DCUTS=1"],
        ["-DNA=1", "-DCRASH=1", "-DHOSTDOWN=1", "-DGUARD"],
        ["-DNA=1", "-DCRASH=1", "-DKILL=1", "-DFENCE=1"],
        ["-DNA=1", "-DCRASH=1", "-DKILL=1", "-DFENCE=1", "-DWITNESS"],
        ["-DNA=1", "-DCRASH=1", "-DFENCE=1", "-DJLOSS=1"],
        ["-DNA=1", "-DCRASH=1", "-DSFENCE=1", "-DKILL=1"],
        ["-DNA=1", "-DCRASH=1", "-DSFENCE=1", "-DGUARD"],
        ["-DNA=2", "-DCRASH=1", "-DMAXW=1", "-DHOSTDOWN=1"],
        ["-DNA=2", "-DNH=3", "-DCRASH=1", "-DMAXW=1"],
    ];

    [Fact]
    public void Every_walk_of_the_model_is_accepted_and_together_they_take_every_step()
    {
        List<string> refused = [];
        HashSet<string> seen = [];
        var walks = 0;
        Parallel.ForEach(Variants, new ParallelOptions { MaxDegreeOfParallelism = 2 }, flags =>
        {
            using var model = new SpinModel(flags);
            for (var seed = 1; seed <= WalksEach; seed++)
            {
                var steps = model.Walk(seed);
                var refusal = Walks.Refusal(steps, flags.Contains("-DGUARD"), flags.Contains("-DWITNESS"));
                lock (refused)
                {
                    walks++;
                    if (refusal is not null) refused.Add($"{string.Join(' ', flags)} seed {seed}, {refusal}");
                    foreach (var step in steps) seen.Add(Name(step));
                }
            }
        });
        Assert.True(refused.Count == 0, $"{refused.Count} refused: {refused.FirstOrDefault()}");
        Assert.True(walks >= 200, $"only {walks} walks");
        Assert.Empty(Everything().Except(seen));
    }

    private static string Name(ModelStep step) => step.Kind switch
    {
        StepKind.Sent => ((Message)step.Host).ToString(),
        StepKind.Log => ((LogStatus)step.Host).ToString(),
        _ => step.Kind.ToString(),
    };

    // A start from the disk follows only on a fence of an owner that ran: too rare for the few walks of the quick set.
    private static IEnumerable<string> Everything() => Enum.GetNames<StepKind>().Except(Full ? ["Sent", "Log"] : ["Sent", "Log", "FromDisk"])
        .Concat(Enum.GetNames<LogStatus>().Except(["None"])).Concat(Enum.GetNames<Message>());
}
