namespace Coordinator.Application.Store;

/// <summary>What became of a batch. Closed family.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome()
    {
    }

    /// <summary>All of it is durable.</summary>
    /// <param name="Position">The store's position after the batch.</param>
    public sealed record Committed(StorePosition Position) : AppendOutcome
    {
        /// <summary>The position right before the batch's first event, where several nodes commit; null where only this one does.</summary>
        public StorePosition? Before { get; init; }
    }

    /// <summary>Nothing was written: these shards have another owner or a higher term. The node drops them and sends the rest again.</summary>
    public sealed record Fenced(IReadOnlyList<int> Shards) : AppendOutcome;

    /// <summary>Nothing was written: these streams are not at the expected version. Under one owner this is our own bug or a foreign hand: reload.</summary>
    public sealed record Conflict(IReadOnlyList<string> Streams) : AppendOutcome;

    /// <summary>Nothing was written: these idempotency keys are in use already.</summary>
    public sealed record KeysTaken(IReadOnlyList<IdempotencyRecord> Keys) : AppendOutcome;

    /// <summary>The connection broke while committing. The node takes over from itself (new terms, reload) and then knows.</summary>
    public sealed record Unknown(string Detail) : AppendOutcome;
}
