namespace Coordinator.Domain;

/// <summary>An event that cannot follow the state before it: the history is damaged or was written by other rules. The stream stops; nothing is guessed.</summary>
public sealed class CorruptHistoryException : Exception
{
    public CorruptHistoryException(object state, object happened)
        : base($"{happened.GetType().Name} cannot follow {state.GetType().Name}: the history of this stream is damaged or newer than this code")
    {
    }
}
