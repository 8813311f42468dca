namespace Coordinator.Domain.Evacuations;

/// <summary>Every evacuation that is not over has a deadline. A firing asks again, opens what time opens, and ends nothing that runs.</summary>
public static class EvacuationDeadlines
{
    /// <summary>First look at guests under way; from then on at the pace at which everything is asked again.</summary>
    public static readonly TimeSpan Asking = TimeSpan.FromSeconds(5);

    /// <summary>The deadline of a state, or null where nothing is waited for.</summary>
    public static Deadline? Of(EvacuationState state) => state switch
    {
        NoEvacuation or Evacuation { Phase: EvacuationPhase.Closed } => null,
        Evacuation { Phase: EvacuationPhase.Pending, Spec.NotBefore: { } opens } s => new Deadline("the maintenance window", opens > s.Since ? opens : s.Since + Asking),
        Evacuation { Phase: EvacuationPhase.Running, WaveEndedAt: { } ended } s => new Deadline("soak", ended + TimeSpan.FromSeconds(s.Spec.SoakSeconds)),
        Evacuation { Phase: EvacuationPhase.Ended } s => new Deadline("answers of the hosts", s.Since + Asking),
        Evacuation s => new Deadline("guests under way", s.Since + Asking),
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "a state without a deadline rule"),
    };
}
