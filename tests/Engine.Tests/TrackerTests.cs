using Engine.Tests.Given;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Linux;

namespace Engine.Tests;

/// <summary>Both trackers see every kind of write a guest makes, once.</summary>
public sealed class TrackerTests : IDisposable
{
    private const int Pages = 300;

    private readonly MemoryFile _memory = MemoryFile.Create("test", Pages * 4096L);
    private readonly MemoryFile _bits = MemoryFile.Create("test-bits", PageBitmap.FileLength(Pages * 4096L));
    private readonly PageBitmap _seen;

    public TrackerTests() => _seen = new PageBitmap(_bits, _memory.Length);

    public void Dispose()
    {
        _memory.Dispose();
        _bits.Dispose();
    }

    [WpAsyncFact]
    public void The_self_test_of_kernel_tracking_passes_here() => Assert.Null(TrackerSelfTest.WhyNoWpAsync());

    [WpAsyncFact]
    public void A_write_is_seen_once_and_a_read_never() => WithWpAsync(tracker =>
    {
        _memory.Bytes(0, Pages * 4096).Fill(1);
        tracker.Arm();
        _ = _memory.Bytes(9 * 4096, 1)[0];
        _memory.Bytes(7 * 4096, 1)[0] = 5;

        Assert.Equal(4096, tracker.Peek());
        Assert.Equal(4096, tracker.Harvest(_seen));
        Assert.Equal(1UL << 7, _seen.Chunk(0));
        Assert.Equal(0, tracker.Harvest(_seen));
    });

    [WpAsyncFact]
    public void The_first_write_to_a_page_that_was_never_touched_is_seen() => WithWpAsync(tracker =>
    {
        tracker.Arm();
        _memory.Bytes(299 * 4096L, 8).Fill(9);

        Assert.Equal(4096, tracker.Harvest(_seen));
        Assert.Equal(1UL << (299 % 64), _seen.Chunk(299 / 64));
    });

    [WpAsyncFact]
    public void A_write_by_the_kernel_into_the_mapping_is_seen() => WithWpAsync(tracker =>
    {
        tracker.Arm();
        using var zero = File.OpenRead("/dev/zero");
        zero.ReadExactly(_memory.Bytes(70 * 4096, 100));

        Assert.Equal(4096, tracker.Harvest(_seen));
        Assert.Equal(1UL << (70 % 64), _seen.Chunk(1));
    });

    [WpAsyncFact]
    public void Tracking_that_was_switched_off_is_an_error_and_not_an_empty_answer() => WithWpAsync(tracker =>
    {
        tracker.Arm();
        tracker.Disarm();

        Assert.Throws<IOException>(() => tracker.Harvest(_seen));
    });

    [Fact]
    public void The_cooperative_tracker_hands_over_each_mark_once()
    {
        using var bits = MemoryFile.Create("written", PageBitmap.FileLength(_memory.Length));
        var written = new PageBitmap(bits, _memory.Length);
        written.Set(1);
        var tracker = new CooperativeTracker(written);
        tracker.Arm();
        written.Set(5);
        written.Set(299);

        Assert.Equal(8192, tracker.Peek());
        Assert.Equal(8192, tracker.Harvest(_seen));
        Assert.Equal(1UL << 5, _seen.Chunk(0));
        Assert.Equal(0, tracker.Peek());
    }

    [Fact]
    public void A_range_marks_exactly_its_pages_and_none_behind_the_end()
    {
        _seen.SetRange(60, 10);
        _seen.SetRange(290, 1000);

        Assert.Equal(0xFUL << 60, _seen.Chunk(0));
        Assert.Equal(0x3FUL, _seen.Chunk(1));
        Assert.Equal(20, _seen.Count());
    }

    [Fact]
    public void Marks_set_by_many_threads_while_others_take_them_are_never_lost()
    {
        using var bits = MemoryFile.Create("written", PageBitmap.FileLength(_memory.Length));
        var written = new PageBitmap(bits, _memory.Length);
        var tracker = new CooperativeTracker(written);
        var writers = Enumerable.Range(0, 2).Select(n => new Thread(() =>
        {
            for (var page = n; page < Pages; page += 2) written.Set(page);
        })).ToArray();
        foreach (var writer in writers) writer.Start();
        while (writers.Any(w => w.IsAlive)) tracker.Harvest(_seen);
        tracker.Harvest(_seen);

        Assert.Equal(Pages, _seen.Count());
    }

    private void WithWpAsync(Action<WpAsyncTracker> test)
    {
        using var tracking = WriteTracking.Open();
        using var scanner = new PageMapScanner(Environment.ProcessId, _memory.Address, _memory.Length);
        using var tracker = new WpAsyncTracker(scanner, on =>
        {
            if (on) tracking.Register(_memory);
            else tracking.Unregister(_memory);
        });
        test(tracker);
    }
}
