using Coordinator.Domain.Hosts;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Domain.Tests;

/// <summary>What was given back is remembered long enough that a late repeat changes nothing, and not for ever.</summary>
public sealed class Tombstones
{
    private const int Many = (5 * PermitsState.ReturnedMin) + 7;

    [Fact]
    public void Given_thousands_of_returned_permits_When_one_of_the_newest_is_asked_for_or_returned_again_Then_nothing_happens()
    {
        var limits = new PermitLimits(10, 10, 10);
        var pool = PermitsState.Initial;
        for (var i = 0; i < Many; i++)
        {
            foreach (var e in PermitDecider.Decide(pool, new AskPermit(Permit(i)), limits).Events) pool = PermitEvolution.Evolve(pool, e);
            foreach (var e in PermitDecider.Decide(pool, new ReturnPermit(Permit(i).Claim), limits).Events) pool = PermitEvolution.Evolve(pool, e);
        }

        for (var i = Many - PermitsState.ReturnedMin; i < Many; i++)
        {
            Assert.Empty(PermitDecider.Decide(pool, new AskPermit(Permit(i)), limits).Events);
            Assert.Empty(PermitDecider.Decide(pool, new ReturnPermit(Permit(i).Claim), limits).Events);
        }

        Assert.True(pool.Returned.Count + pool.ReturnedBefore.Count <= 2 * PermitsState.ReturnedMin);
        Assert.Empty(pool.Granted);
    }

    [Fact]
    public void Given_thousands_of_answered_claims_When_one_of_the_newest_is_asked_again_Then_its_answer_is_the_old_one()
    {
        var host = HostEvolution.Evolve(HostState.Unknown, new HostAdmitted(new HostId("host-a"), "journal", 1, "boot", new HostFacts(ByteCount.FromMebi(1024), 4, "127.0.0.1", 1, ["native"], [])));
        for (var i = 0; i < Many; i++)
        {
            // Every other one is too big and refused; the rest come and go.
            host = Tell(host, new ClaimCapacity(Claim(i), new CapacityClaim(new VmId("vm-1"), ByteCount.FromMebi(i % 2 == 0 ? 4096 : 64), 1), Occupies: false));
            if (i % 2 == 1) host = Tell(host, new ReleaseCapacity(Claim(i)));
        }

        for (var i = Many - HostState.AnsweredMin; i < Many; i++)
        {
            Assert.Empty(HostDecider.Decide(host, new ClaimCapacity(Claim(i), new CapacityClaim(new VmId("vm-1"), ByteCount.FromMebi(64), 1), Occupies: false)).Events);
            Assert.Equal(i % 2 == 0 ? "host.memory" : "claim.released", HostDecider.AnswerTo(host, Claim(i))!.Code);
        }

        Assert.True(host.Answered.Count + host.AnsweredBefore.Count <= 2 * HostState.AnsweredMin);
        Assert.Equal(ByteCount.Zero, host.ClaimedMemory);
    }

    private static HostState Tell(HostState host, HostInput input) => HostDecider.Decide(host, input).Events.Aggregate(host, HostEvolution.Evolve);

    private static string Claim(int i) => $"migration-{i}";

    private static Permit Permit(int i) => new(Claim(i), new HostId("host-a"), new HostId("host-b"), Claim(i), 0);
}
