namespace Coordinator.Domain.Migrations;

/// <summary>The proofs of hand-off 2.6, as in the model's PROOF and GIVEUP. Both only speak once the source's host is off.</summary>
public static class HandoffRules
{
    /// <summary>
    /// May the destination's loaded copy take over without COMMIT? Needs the source off and proof that it never resumed: the copy of COMMIT
    /// in the log, or, for a guarded hypervisor, the source's own journal (INTENT and no REJECTED, said by the host after it came back).
    /// </summary>
    public static bool MayGoForward(MigrationPlan plan, HandoffFacts facts) =>
        facts.Off && (facts.CommitSeen || (plan.Guarded && facts.Source == SourceWord.Gone));

    /// <summary>
    /// Without proof the guest is lost with its host, and the destination is asked to refuse. A guarded source's journal might still
    /// give the proof, so that waits until a person wrote the host off: asking earlier destroyed the last copy in the model.
    /// </summary>
    public static bool GiveUp(MigrationPlan plan, HandoffFacts facts) =>
        facts.Off && !MayGoForward(plan, facts) && (!plan.Guarded || facts.SourceOff);

    /// <summary>R8: the destination is asked to refuse only if the source asked for it, or there is no proof to wait for.</summary>
    public static bool AskDestination(MigrationPlan plan, HandoffFacts facts) => facts.RefusalAsked || GiveUp(plan, facts);
}
