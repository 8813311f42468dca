using Coordinator.Application.Machine;
using FsCheck;
using FsCheck.Fluent;

namespace Domain.Tests.Machine;

/// <summary>The queue of deadlines against a plain list: whatever is set, moved and removed, the earliest comes first and each stream stands once.</summary>
public sealed class DueQueueProperties
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static Arbitrary<(int Stream, int Due)[]> Scripts() =>
        (from stream in Gen.Choose(0, 30) from due in Gen.Choose(-20, 60) select (stream, due)).ArrayOf(200).ToArbitrary();

    [Fact]
    public void Any_script_of_times_set_moved_and_removed_is_taken_out_in_order_of_time() => Prop.ForAll(Scripts(), script =>
    {
        var entries = Enumerable.Range(0, 31).Select(i => new StreamEntry { Key = $"vm-{i}", Shard = 0, State = "" }).ToList();
        var queue = new DueQueue(entry => ref entry.TimerPlace);
        var expected = new Dictionary<StreamEntry, DateTimeOffset>();
        foreach (var (stream, due) in script)
        {
            if (due < 0)
            {
                queue.Remove(entries[stream]);
                expected.Remove(entries[stream]);
            }
            else
            {
                queue.Set(entries[stream], Noon.AddSeconds(due));
                expected[entries[stream]] = Noon.AddSeconds(due);
            }

            if (queue.Count != expected.Count) return false;
            if (expected.Count > 0 && !(queue.TryPeek(out _, out var first) && first == expected.Values.Min())) return false;
        }

        var last = DateTimeOffset.MinValue;
        while (queue.TryPeek(out var entry, out var due))
        {
            if (due < last || expected[entry] != due) return false;
            last = due;
            expected.Remove(entry);
            queue.Remove(entry);
        }

        return expected.Count == 0 && queue.Count == 0;
    }).QuickCheckThrowOnFailure();
}
