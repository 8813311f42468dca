using Coordinator.Shared.Units;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;
using HostNode.Engine.Transfer;

namespace Engine.Tests;

/// <summary>The small parts of a transfer, each alone.</summary>
public sealed class TransferPartsTests : IDisposable
{
    private const long Length = 1 << 20;

    private readonly GuestMemory _guest = new(
        MemoryFile.Create("parts", Length), MemoryFile.Create("parts-w", PageBitmap.FileLength(Length)), MemoryFile.Create("parts-o", PageBitmap.FileLength(Length)));

    private readonly byte[] _frame = new byte[FrameHeader.Length + FrameHeader.PayloadMax];

    public void Dispose() => _guest.Dispose();

    [Fact]
    public void The_first_round_owes_what_was_written_and_nothing_else()
    {
        _guest.Memory.Bytes(5 * 4096, 1)[0] = 1;
        _guest.Memory.Bytes(200 * 4096, 1)[0] = 1;

        new PageSource(_guest).OweAllData();

        Assert.Equal(2, _guest.Owed.Count());
        Assert.Equal(1UL << 5, _guest.Owed.Chunk(0));
    }

    [Fact]
    public void A_page_of_zeros_is_left_out_at_first_but_sent_as_zero_once_it_had_content()
    {
        var source = new PageSource(_guest);

        Assert.Equal(0UL, source.Build(0, 0b11, 1, _frame, out var nothing));
        Assert.Equal(0, nothing);

        _guest.Memory.Bytes(0, 1)[0] = 1;
        Assert.Equal(0b01UL, source.Build(0, 0b11, 2, _frame, out var one));
        Assert.Equal(FrameHeader.Length + 4096, one);

        _guest.Memory.Bytes(0, 1)[0] = 0;
        Assert.Equal(0b01UL, source.Build(0, 0b11, 3, _frame, out var zero));
        Assert.Equal(FrameHeader.Length, zero);
        Assert.Equal((0UL, 1UL), (Header().PageMask, Header().ZeroMask));
        Assert.Equal(PageHashTable.OfZero, source.Table[0]);
    }

    [Fact]
    public void A_successor_owes_exactly_the_pages_that_differ_from_what_the_destination_holds()
    {
        for (var page = 0; page < 8; page++) _guest.Memory.Bytes(page * 4096, 8).Fill((byte)(page + 1));
        var source = new PageSource(_guest);
        for (var page = 0; page < 8; page++) source.Table[page] = XxHash64.Of(_guest.Memory.Bytes(page * 4096, 4096));
        source.Table[3] = 42;
        source.Table[100] = 43;
        _guest.Memory.Bytes(250 * 4096, 1)[0] = 9;

        Assert.Equal(3 * 4096, source.OweDifferences());

        Assert.Equal(1UL << 3, _guest.Owed.Chunk(0));
        Assert.Equal(1UL << (100 - 64), _guest.Owed.Chunk(1));
        Assert.Equal(1UL << (250 - 192), _guest.Owed.Chunk(3));
        Assert.Equal(1UL << 36, source.Build(1, 1UL << 36, 9, _frame, out _));
        Assert.Equal(1UL << 36, Header().ZeroMask);
    }

    [Fact]
    public void A_write_that_nobody_noted_is_found_by_comparing_with_the_table()
    {
        var source = new PageSource(_guest);
        _guest.Memory.Bytes(0, 1)[0] = 1;
        source.Build(0, 1, 1, _frame, out _);
        Assert.Equal(0, source.CountDifferences());

        _guest.Memory.Bytes(0, 1)[0] = 2;

        Assert.Equal(1, source.CountDifferences());
    }

    [Fact]
    public void Small_rounds_give_a_careful_bandwidth_until_a_large_one_is_known()
    {
        var meter = new BandwidthMeter(ByteCount.FromMebi(8));
        Assert.Equal(ByteRate.Zero, meter.Rate);

        meter.Add(ByteCount.FromMebi(1), TimeSpan.FromSeconds(1));
        Assert.Equal(ByteRate.FromMebi(1), meter.Rate);

        meter.Add(ByteCount.FromMebi(100), TimeSpan.FromSeconds(1));
        meter.Add(ByteCount.FromMebi(1), TimeSpan.FromSeconds(9));
        Assert.Equal(ByteRate.FromMebi(100), meter.Rate);

        meter.Add(ByteCount.FromMebi(400), TimeSpan.FromSeconds(1));
        Assert.Equal(ByteRate.FromMebi(300), meter.Rate);
    }

    [Fact]
    public void Memory_outside_the_mapping_cannot_be_reached()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _guest.Memory.Bytes(Length - 4095, 4096).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _guest.Memory.Bytes(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _guest.Memory.Bytes(long.MaxValue, 1).Length);
    }

    [Theory]
    [InlineData(100 << 10, 1)]
    [InlineData((1 << 20) + 1, 1)]
    [InlineData(1 << 20, 0)]
    [InlineData(1 << 20, 65)]
    public void An_impossible_guest_is_refused(long memory, int vcpus) => Assert.NotNull(SyntheticLayout.WhyNot(memory, vcpus));

    [Theory]
    [InlineData(1 << 20, 1)]
    [InlineData(3 << 20, 3)]
    [InlineData(64 << 20, 64)]
    public void The_working_set_its_table_and_the_private_pages_share_the_memory_without_touching(long memory, int vcpus)
    {
        var layout = new SyntheticLayout(memory, vcpus, long.MaxValue);

        Assert.True(SyntheticLayout.Private(vcpus - 1) + 4096 <= layout.SequenceTable);
        Assert.True(layout.SequenceTable + (layout.WorkingSetPages * 8) <= layout.WorkingSet);
        Assert.True(layout.WorkingSet + (layout.WorkingSetPages * 4096) <= memory);
        Assert.Equal(layout.WorkingSetPages, Enumerable.Range(0, vcpus).Sum(v => layout.Share(v).End - layout.Share(v).First));
    }

    [Fact]
    public void The_guest_notices_a_page_that_is_lost_torn_or_foreign()
    {
        var layout = new SyntheticLayout(Length, 1, 64 << 10);
        var program = new SyntheticProgram(_guest.Memory, _guest.Written, layout, 0);
        for (var i = 0; i < 64; i++) program.Step();
        Assert.Equal(0, program.CheckAll());

        var second = layout.WorkingSet + 4096;
        var kept = _guest.Memory.Bytes(second, 4096).ToArray();
        _guest.Memory.Bytes(second + 2000, 1)[0] ^= 1;
        Assert.Equal(1, program.CheckAll());

        _guest.Memory.Bytes(layout.WorkingSet, 4096).CopyTo(_guest.Memory.Bytes(second, 4096));
        Assert.Equal(1, program.CheckAll());

        kept.CopyTo(_guest.Memory.Bytes(second, 4096));
        Assert.Equal(0, program.CheckAll());
        _guest.Memory.Bytes(second, 4096).Clear();
        Assert.Equal(1, program.CheckAll());
    }

    private FrameHeader Header() => FrameHeader.Read(_frame.AsSpan(0, FrameHeader.Length), Length);
}
