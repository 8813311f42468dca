namespace Coordinator.Domain;

/// <summary>What a decider says to an input: events (none for a repeat or a late fact), or a refusal, which is a value and no exception.</summary>
public readonly struct Decision<TEvent> where TEvent : class
{
    private Decision(IReadOnlyList<TEvent> events, Refusal? refusal)
    {
        Events = events;
        Refusal = refusal;
    }

    public IReadOnlyList<TEvent> Events { get; }

    public Refusal? Refusal { get; }

    public static Decision<TEvent> Nothing => new([], null);

    public static Decision<TEvent> Accept(params IReadOnlyList<TEvent> events) => new(events, null);

    public static Decision<TEvent> Refuse(string code, string detail, string hint) => new([], new Refusal(code, detail, hint));
}
