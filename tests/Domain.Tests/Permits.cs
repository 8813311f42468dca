using Coordinator.Domain.Hosts;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using FsCheck;
using FsCheck.Fluent;

namespace Domain.Tests;

/// <summary>Caps and capacity: never exceeded, never leaked, whoever asks and however often.</summary>
public sealed class Permits
{
    private static readonly PermitLimits Limits = new(3, 2, 2);

    private static Permit Permit(int n) => new($"migration-{n}", new HostId($"s{n % 2}"), new HostId($"d{n % 3}"), $"migration-{n}", 0);

    private static PermitsState Step(PermitsState s, PermitInput input)
    {
        foreach (var e in PermitDecider.Decide(s, input, Limits).Events) s = PermitEvolution.Evolve(s, e);
        return s;
    }

    private static PermitInput Input(int n) => n % 3 == 0 ? new ReturnPermit(Permit(n / 3).Claim) : new AskPermit(Permit(n / 3));

    [Fact]
    public void Caps_are_never_exceeded_and_counts_match_what_is_granted() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(
        Gen.Choose(0, 45).ArrayOf(80).ToArbitrary(),
        script =>
        {
            var s = PermitsState.Initial;
            foreach (var n in script)
            {
                s = Step(s, Input(n));
                if (s.Granted.Count > 3 || s.Leaving.Values.Any(c => c is > 2 or <= 0) || s.Arriving.Values.Any(c => c is > 2 or <= 0)) return false;
                if (s.Leaving.Values.Sum() != s.Granted.Count || s.Waiting.Exists(w => s.Granted.ContainsKey(w.Claim))) return false;
            }

            return true;
        }));

    [Fact]
    public void A_permit_that_was_returned_before_it_was_asked_for_is_never_granted()
    {
        var s = Step(Step(PermitsState.Initial, new ReturnPermit("migration-1")), new AskPermit(Permit(1)));
        Assert.Empty(s.Granted);
    }

    [Fact]
    public void Who_waits_is_served_when_a_permit_comes_back()
    {
        var s = Step(Step(Step(PermitsState.Initial, new AskPermit(Permit(0))), new AskPermit(Permit(6))), new AskPermit(Permit(12)));
        Assert.Single(s.Waiting);
        s = Step(s, new ReturnPermit(Permit(0).Claim));
        Assert.Empty(s.Waiting);
        Assert.True(s.Granted.ContainsKey(Permit(12).Claim));
    }

    [Fact]
    public void A_host_keeps_a_fifth_of_its_memory_free_and_a_released_claim_is_counted_back_once()
    {
        var facts = new HostFacts(ByteCount.FromMebi(1000), 4, "127.0.0.1", 1, ["native"], []);
        var host = Fold(HostState.Unknown, new Admit(new HostId("h"), "j", 1, "b", facts));
        host = Fold(host, new ClaimCapacity("a", new CapacityClaim(new VmId("a"), ByteCount.FromMebi(800), 1), Occupies: false));
        host = Fold(host, new ClaimCapacity("b", new CapacityClaim(new VmId("b"), ByteCount.FromMebi(1), 1), Occupies: false));
        Assert.Equal("host.memory", HostDecider.AnswerTo(host, "b")?.Code);
        host = Fold(Fold(host, new ReleaseCapacity("a")), new ReleaseCapacity("a"));
        Assert.Equal(ByteCount.Zero, host.ClaimedMemory);
        Assert.Equal("claim.released", HostDecider.AnswerTo(host, "a")?.Code);
    }

    [Fact]
    public void An_agent_with_another_journal_or_an_older_start_is_not_let_in()
    {
        var facts = new HostFacts(ByteCount.FromMebi(1000), 4, "127.0.0.1", 1, [], []);
        var host = Fold(HostState.Unknown, new Admit(new HostId("h"), "journal-1", 5, "b", facts));
        Assert.Equal("host.otherJournal", HostDecider.Decide(host, new Admit(new HostId("h"), "journal-2", 6, "b", facts)).Refusal?.Code);
        Assert.Equal("host.oldJournal", HostDecider.Decide(host, new Admit(new HostId("h"), "journal-1", 4, "b", facts)).Refusal?.Code);
    }

    private static HostState Fold(HostState s, HostInput input)
    {
        foreach (var e in HostDecider.Decide(s, input).Events) s = HostEvolution.Evolve(s, e);
        return s;
    }
}
