namespace Coordinator.Domain.Evacuations;

/// <summary>Guests by phase: a fold of the events.</summary>
public sealed record EvacuationCounts(int Waiting = 0, int Starting = 0, int Moving = 0, int Arrived = 0, int Failed = 0, int Stays = 0)
{
    public int UnderWay => Starting + Moving;

    public int Settled => Arrived + Failed + Stays;

    public int All => Waiting + UnderWay + Settled;

    /// <summary>With so many more in this phase.</summary>
    public EvacuationCounts With(GuestPhase phase, int more) => phase switch
    {
        GuestPhase.Waiting => this with { Waiting = Waiting + more },
        GuestPhase.Starting => this with { Starting = Starting + more },
        GuestPhase.Moving => this with { Moving = Moving + more },
        GuestPhase.Arrived => this with { Arrived = Arrived + more },
        GuestPhase.Failed => this with { Failed = Failed + more },
        _ => this with { Stays = Stays + more },
    };
}
