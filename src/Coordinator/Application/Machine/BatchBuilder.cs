using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>One group commit in the making, and what memory looked like before it.</summary>
internal sealed class BatchBuilder
{
    private readonly List<object> bodies = [];

    public List<MachineInput> Inputs { get; } = [];

    public Dictionary<int, ShardLease> Leases { get; } = [];

    public List<NewEvent> Events { get; } = [];

    public Dictionary<StreamEntry, EntryBefore> Touched { get; } = [];

    public Dictionary<(string Principal, string Key), IdempotencyRecord> Keys { get; } = [];

    public List<MachineEffect> Effects { get; } = [];

    /// <summary>Nothing was decided, not even that nothing is to be done: that, too, only an owner may say.</summary>
    public bool IsEmpty => Touched.Count == 0 && Keys.Count == 0 && Leases.Count == 0;

    public void Touch(StreamEntry entry, bool created) => Touched.TryAdd(entry, new EntryBefore(entry, created));

    /// <summary>Remembers the shard's lease with the sequence number before the batch.</summary>
    public void Lease(ShardOwned owned) => Leases.TryAdd(owned.Lease.Shard, owned.Lease with { Seq = owned.Seq });

    public void Add(NewEvent stored, object body)
    {
        Events.Add(stored);
        bodies.Add(body);
    }

    public CommittedEvent Committed(int index, Term term)
    {
        var e = Events[index];
        return new CommittedEvent(e.Stream, e.Version, e.Shard, e.Seq, term, e.At, e.Type, bodies[index], e.Body, e.Meta);
    }
}
