namespace Coordinator.Application.Machine;

/// <summary>
/// When which stream is due next: a binary heap in which each stream stands once and knows its place, so that a changed time moves it
/// instead of leaving the old one behind. (Deadlines are an hour and more away and change with every phase: entries that wait for their
/// time to be found stale would outnumber the streams a thousandfold.)
/// </summary>
internal sealed class DueQueue(DueQueue.PlaceOf place)
{
    /// <summary>Where an entry keeps its place in this queue: 0 for none, else the index in the heap and one.</summary>
    public delegate ref int PlaceOf(StreamEntry entry);

    private (StreamEntry Entry, DateTimeOffset Due)[] heap = new (StreamEntry, DateTimeOffset)[16];

    public int Count { get; private set; }

    public bool Has(StreamEntry entry) => place(entry) > 0;

    /// <summary>Adds the stream, or gives it another time.</summary>
    public void Set(StreamEntry entry, DateTimeOffset due)
    {
        var index = place(entry) - 1;
        if (index < 0)
        {
            if (Count == heap.Length) Array.Resize(ref heap, Count * 2);
            index = Count++;
        }

        Settle(index, (entry, due));
    }

    public void Remove(StreamEntry entry)
    {
        var index = place(entry) - 1;
        if (index < 0) return;
        place(entry) = 0;
        var last = heap[--Count];
        heap[Count] = default;
        if (index < Count) Settle(index, last);
    }

    public bool TryPeek(out StreamEntry entry, out DateTimeOffset due)
    {
        (entry, due) = heap[0];
        return Count > 0;
    }

    // Puts an item where it belongs, starting from a free place.
    private void Settle(int index, (StreamEntry Entry, DateTimeOffset Due) item)
    {
        for (int parent; index > 0 && item.Due < heap[parent = (index - 1) / 2].Due; index = parent) Put(index, heap[parent]);
        for (int child; (child = (2 * index) + 1) < Count; index = child)
        {
            if (child + 1 < Count && heap[child + 1].Due < heap[child].Due) child++;
            if (item.Due <= heap[child].Due) break;
            Put(index, heap[child]);
        }

        Put(index, item);
    }

    private void Put(int index, (StreamEntry Entry, DateTimeOffset Due) item)
    {
        heap[index] = item;
        place(item.Entry) = index + 1;
    }
}
