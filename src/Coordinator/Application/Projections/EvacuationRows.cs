using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Projections;

/// <summary>The projection's evacuations: open ones, and the newest closed ones. Not safe for several threads.</summary>
internal sealed class EvacuationRows(int keep)
{
    private readonly Dictionary<EvacuationId, EvacuationRow> rows = [];
    private readonly Queue<EvacuationId> closed = new();

    public IEnumerable<EvacuationRow> All => rows.Values;

    public EvacuationRow? Find(EvacuationId id) => rows.GetValueOrDefault(id);

    /// <summary>An event that was applied already changes nothing.</summary>
    public void Apply(EvacuationId id, EvacuationEvent happened, int version, int shard, Term term, DateTimeOffset at)
    {
        var before = rows.GetValueOrDefault(id);
        if (before is not null && before.Version >= version) return;
        if (EvacuationRow.Next(before, happened, version, shard, term, at) is not { } row) return;
        rows[id] = row;
        if (row.IsClosed) Close(id);
    }

    public void Restore(IEnumerable<EvacuationRow> saved)
    {
        foreach (var row in saved.OrderBy(row => row.State.Since))
        {
            rows[row.State.Id] = row;
            if (row.IsClosed) Close(row.State.Id);
        }
    }

    public void Clear()
    {
        rows.Clear();
        closed.Clear();
    }

    private void Close(EvacuationId id)
    {
        closed.Enqueue(id);
        while (closed.Count > keep) rows.Remove(closed.Dequeue());
    }
}
