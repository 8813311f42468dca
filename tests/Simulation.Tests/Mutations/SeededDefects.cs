using Simulator;
using Xunit.Abstractions;

namespace Simulation.Tests.Mutations;

/// <summary>The checkers notice: each defect put in on purpose is caught within a few hundred seeds. The table is docs/reference/mutations.md.</summary>
public sealed class SeededDefects(ITestOutputHelper output)
{
    private const int SeedsMost = 400;

    // A new one for each seed: some remember what they saw.
    private static readonly Dictionary<string, Func<Mutation>> All = new()
    {
        [nameof(ResumesAlone)] = () => new ResumesAlone(),
        [nameof(ForgetsRefusals)] = () => new ForgetsRefusals(),
        [nameof(RefusesBeforeTheCopyIsDead)] = () => new RefusesBeforeTheCopyIsDead(),
        [nameof(Autostarts)] = () => new Autostarts(),
        [nameof(ActsBeforeItIsDurable)] = () => new ActsBeforeItIsDurable(),
        [nameof(DestroysWhenCommitLeaves)] = () => new DestroysWhenCommitLeaves(),
        [nameof(StreamEndIsCommit)] = () => new StreamEndIsCommit(),
        [nameof(RefusesDespiteCommit)] = () => new RefusesDespiteCommit(),
        [nameof(LoadedNeverRefuses)] = () => new LoadedNeverRefuses(),
        [nameof(EmptyJournalAnswers)] = () => new EmptyJournalAnswers(),
        [nameof(NeverGoesForward)] = () => new NeverGoesForward(),
        [nameof(ForgetsOwned)] = () => new ForgetsOwned(),
        [nameof(ForgetsIntent)] = () => new ForgetsIntent(),
        [nameof(ForgetsReleased)] = () => new ForgetsReleased(),
        [nameof(IgnoresTheDigest)] = () => new IgnoresTheDigest(),
        [nameof(ReleasesOnRefusal)] = () => new ReleasesOnRefusal(),
        [nameof(ResumesOnOwned)] = () => new ResumesOnOwned(),
        [nameof(ReportsOnce)] = () => new ReportsOnce(),
        [nameof(SendsBeforeItIsCommitted)] = () => new SendsBeforeItIsCommitted(),
        [nameof(AppendsWithoutVersion)] = () => new AppendsWithoutVersion(),
        [nameof(SendsOnce)] = () => new SendsOnce(),
        [nameof(SilentMeansGone)] = () => new SilentMeansGone(),
        [nameof(TakesTheGrantBack)] = () => new TakesTheGrantBack(),
        [nameof(HeldWithoutAFence)] = () => new HeldWithoutAFence(),
        [nameof(OffIsProof)] = () => new OffIsProof(),
        [nameof(GivesUpBeforeTheJournalIsRead)] = () => new GivesUpBeforeTheJournalIsRead(),
        [nameof(OffWithoutHold)] = () => new OffWithoutHold(),
        [nameof(GoneMeansCommitted)] = () => new GoneMeansCommitted(),
        [nameof(AsksWithoutTheSource)] = () => new AsksWithoutTheSource(),
        [nameof(IgnoresTheCaps)] = () => new IgnoresTheCaps(),
        [nameof(KeepsPermits)] = () => new KeepsPermits(),
        [nameof(LeaksCapacity)] = () => new LeaksCapacity(),
        [nameof(ClosesBeforeTheDestinationAttested)] = () => new ClosesBeforeTheDestinationAttested(),
    };

    /// <summary>More of what ends hosts and cuts links than the default: some defects only show when both happen in one hand-off.</summary>
    private static readonly SimOptions Rough = SimOptions.Default with { Destroyed = 350, Cut = 500, Reboot = 350, Stopped = 400, TransferBroken = 40 };

    public static TheoryData<string> Names() => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_seeded_defect_is_caught(string name)
    {
        for (var seed = 1; seed <= SeedsMost; seed++)
        {
            if (Broken((ulong)seed, All[name]()) is not { } caught) continue;
            output.WriteLine($"{name}: seed {seed}: {caught}");
            return;
        }

        Assert.Fail($"{name} was not caught in {SeedsMost} seeds");
    }

    // A machine that throws on what a defect made of its world has noticed, too.
    private static string? Broken(ulong seed, Mutation defect)
    {
        try
        {
            return new SimWorld(seed, (seed % 2 == 0 ? Rough : SimOptions.Default) with { Mutation = defect }).Run().Violations is [var first, ..] ? first : null;
        }
        catch (Exception e) when (e is ArgumentException or Coordinator.Domain.CorruptHistoryException)
        {
            return e.GetType().Name + ": " + e.Message;
        }
    }
}
