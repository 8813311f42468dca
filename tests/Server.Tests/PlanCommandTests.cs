using System.Text;
using System.Text.Json;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Shared.Contracts.Evacuations;

namespace Server.Tests;

/// <summary>A plan from a file: the documented example, and files that are wrong.</summary>
public sealed class PlanCommandTests
{
    private static readonly string Example = File.ReadAllText(Path.Combine(Root(), "docs", "reference", "examples", "plan-instance.json"));

    [Fact]
    public void Given_the_documented_example_When_planned_Then_room_is_made_first_and_who_cannot_move_stays()
    {
        var (code, output, _) = Plan(Example);

        var plan = JsonSerializer.Deserialize(output, PlanJson.Default.EvacuationPlan)!;
        Assert.Equal(ExitCodes.Stopped, code);
        Assert.Equal("gpu-1", Assert.Single(plan.Stays).Guest);
        Assert.Equal("db-1", plan.Moves.Single(m => m.Guest == "batch-1").MakesRoomFor);
        Assert.Equal("beta", plan.Moves.Single(m => m.Guest == "db-1").Destination);
    }

    [Fact]
    public void Given_a_blocker_When_planned_Then_the_rest_is_planned_and_the_exit_code_is_1()
    {
        var (code, output, _) = Plan(Example.Replace("\"skip\"", "\"block\"", StringComparison.Ordinal));

        var plan = JsonSerializer.Deserialize(output, PlanJson.Default.EvacuationPlan)!;
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Equal("guest.notMovable", Assert.Single(plan.Blockers).Code);
        Assert.NotEmpty(plan.Moves);
    }

    [Theory]
    [InlineData("\"host\": \"beta\"", "\"host\": \"omega\"", "$.guests[4].host: there is no host 'omega'")]
    [InlineData("\"empty\": [\"alpha\"]", "\"empty\": [\"alpha\", \"x\"]", "$.empty[1]: there is no host 'x'")]
    [InlineData("\"setupSeconds\": 1", "\"setupSeconds\": \"fast\"", "$.setupSeconds: line 21")]
    [InlineData("\"canary\": 1", "\"canaries\": 1", "canaries")]
    [InlineData("\"hostOut\": 4", "\"hostOut\": 0", "$.caps.hostOut: must be more than 0")]
    [InlineData("\"memory\": 42949672960", "\"memory\": -1", "$.guests[0].memory: must be more than 0")]
    public void Given_a_file_that_is_wrong_When_planned_Then_it_is_refused_with_the_place(string right, string wrong, string expected)
    {
        var (code, output, errors) = Plan(Example.Replace(right, wrong, StringComparison.Ordinal));

        Assert.Equal(ExitCodes.Usage, code);
        Assert.Empty(output);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Contains("plan-instance.md", errors, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Plan(string text)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        return (PlanCommand.Run(new MemoryStream(Encoding.UTF8.GetBytes(text)), "example", output, errors), output.ToString(), errors.ToString());
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Coordinator.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
