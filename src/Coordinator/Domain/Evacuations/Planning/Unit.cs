namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>Guests that go to one host: one, or an affinity group.</summary>
/// <param name="Bound">The host it must go to because members of its group stay there; -1 = free.</param>
internal sealed record Unit(Mover[] Movers, int Bound)
{
    public double Memory { get; } = Movers.Sum(m => m.Memory);

    public Mover First => Movers[0];
}
