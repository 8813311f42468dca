namespace Coordinator.Application.Store;

/// <summary>How far a reader of all events has come: opaque, given by the store. Between shards it implies no order of decisions.</summary>
public readonly record struct StorePosition(string Value)
{
    public static readonly StorePosition Start = new("");

    public override string ToString() => Value;
}
