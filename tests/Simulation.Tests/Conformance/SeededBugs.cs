namespace Simulation.Tests.Conformance;

/// <summary>
/// The twin refuses what the model's seeded bugs do. Not here: bugs that only leave something undone (no retransmission, no GoForward, a
/// loaded copy that will not refuse): every step that they do take is allowed, and only the end shows them.
/// </summary>
public sealed class SeededBugs
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("LM_FULL") == "1";

    [Theory]
    [InlineData("-DNA=1 -DBUG1_RESUME_ALONE", "R6")]
    [InlineData("-DNA=1 -DBUG2_FORGET_TOKEN", "R7")]
    [InlineData("-DNA=1 -DBUG3_AUTOSTART", "S1")]
    [InlineData("-DNA=1 -DBUG4A_SEND_BEFORE_APPEND", "R2")]
    [InlineData("-DNA=1 -DBUG4B_RUN_BEFORE_PERSIST", "S1")]
    [InlineData("-DNA=2 -DMAXW=1 -DBUG5_STALE_EPOCH", "")]
    [InlineData("-DNA=1 -DBUG6_NO_CAS", "")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DBUG7_EARLY_DESTROY", "S2")]
    [InlineData("-DNA=1 -DBUG8_STREAM_END_IS_COMMIT", "R6")]
    [InlineData("-DNA=1 -DFENCE=1 -DBUG9_FENCE_IS_PROOF", "R8")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DBUG10_REFUSE_DESPITE_COMMIT", "S2")]
    [InlineData("-DNA=1 -DFENCE=1 -DBUG12_FENCE_WITHOUT_HOLD", "2.5")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DBUG14_FORWARD_WITHOUT_COMMIT", "2.6")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DGUARD -DBUG14_FORWARD_WITHOUT_COMMIT", "2.6")]
    [InlineData("-DNA=1 -DGUARD -DBUG15_FORWARD_SOURCE_SILENT", "2.6")]
    [InlineData("-DNA=2 -DNH=3 -DCRASH=0 -DMAXW=1 -DONE_COORD -DBUG16_NEXT_BEFORE_ATTESTED", "R9")]
    [InlineData("-DNA=1 -DJLOSS=1 -DBUG17_EMPTY_JOURNAL_ANSWERS", "R10")]
    [InlineData("-DNA=2 -DMAXW=1 -DONE_COORD -DBUG18_DEBT_IGNORED", "R9")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DBUG19_FORWARD_FROM_INTENT", "2.6")]
    [InlineData("-DNA=1 -DBUG20_GRANT_TAKEN_BACK", "R8")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DBUG21_ASK_WITHOUT_SOURCE", "R8")]
    [InlineData("-DNA=1 -DFENCE=1 -DBUG22_HELD_WITHOUT_FENCE", "2.5")]
    [InlineData("-DNA=1 -DHOSTDOWN=1 -DGUARD -DBUG24_GIVE_UP_BEFORE_JOURNAL", "R8")]
    [InlineData("-DNA=1 -DSFENCE=1 -DGUARD -DBUG25_WRITTEN_OFF_BUT_ON", "2.6")]
    public void A_wrong_step_is_refused_by_its_rule(string flags, string rule)
    {
        // Given a model with one bug, when it is walked until the bug has its chance
        using var model = new SpinModel(flags.Split(' '));
        var refusal = Enumerable.Range(1, 400).Select(seed => Walks.Refusal(model.Walk(seed), flags.Contains("GUARD", StringComparison.Ordinal), witness: false)).FirstOrDefault(r => r is not null);

        // Then the twin names the rule that was broken.
        Assert.True(refusal is not null, "no walk was refused");
        Assert.Contains(": " + rule, refusal.Split('\n')[0], StringComparison.Ordinal);
        if (Full) Assert.NotNull(Walks.Refusal(model.Error(), flags.Contains("GUARD", StringComparison.Ordinal), witness: false));
    }
}
