using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Transfer;

namespace Engine.Tests;

/// <summary>Frames: what is written is read back, and nothing else is accepted.</summary>
public sealed class WireTests
{
    private const long Memory = (8L << 20) + (12 * 4096);
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly Gen<FrameHeader> PagesHeaders =
        from chunk in Gen.Choose(0, (int)(Memory / PageBitmap.ChunkSize))
        from mask in ArbMap.Default.GeneratorFor<ulong>()
        from split in ArbMap.Default.GeneratorFor<ulong>()
        from round in ArbMap.Default.GeneratorFor<uint>()
        from crc in ArbMap.Default.GeneratorFor<uint>()
        let valid = PageBitmap.ValidPages(chunk, Memory / PageBitmap.PageSize)
        let pages = mask & split & valid
        let zeros = mask & ~split & valid
        select new FrameHeader(
            FrameType.Pages, FrameFlags.None, round, BitOperations.PopCount(pages) * 4096, (ulong)chunk * PageBitmap.ChunkSize, pages, zeros, crc);

    [Fact]
    public void Every_valid_header_is_read_back_as_it_was_written() => Check.One(Many, Prop.ForAll(PagesHeaders.ToArbitrary(), header =>
    {
        var bytes = Bytes(header);
        return FrameHeader.Read(bytes, Memory) == header;
    }));

    [Fact]
    public void Every_flipped_bit_of_a_header_is_detected() => Check.One(Many, Prop.ForAll(
        PagesHeaders.ToArbitrary(), Gen.Choose(0, (FrameHeader.Length * 8) - 1).ToArbitrary(), (header, bit) =>
        {
            var bytes = Bytes(header);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            return Assert.Throws<WireException>(() => FrameHeader.Read(bytes, Memory)).Fault == WireFault.Corrupt;
        }));

    [Fact]
    public void A_hostile_header_with_a_right_checksum_never_points_outside_the_memory() => Check.One(Many, Prop.ForAll(
        ArbMap.Default.GeneratorFor<(ulong Offset, ulong Pages, ulong Zeros)>().ToArbitrary(), ArbMap.Default.GeneratorFor<int>().ToArbitrary(), (place, length) =>
        {
            var bytes = Bytes(new FrameHeader(FrameType.Pages, FrameFlags.None, 1, length, place.Offset, place.Pages, place.Zeros, 0));
            try
            {
                var read = FrameHeader.Read(bytes, Memory);
                var last = 63 - BitOperations.LeadingZeroCount(read.PageMask | read.ZeroMask);
                return read.Offset + ((ulong)(last + 1) * 4096) <= (ulong)Memory && read.PayloadLength <= FrameHeader.PayloadMax
                    && read.PayloadLength == BitOperations.PopCount(read.PageMask) * 4096;
            }
            catch (WireException)
            {
                return true;
            }
        }));

    [Theory]
    [InlineData(0UL, 0b11UL, 0b10UL, 8192, WireFault.Malformed)]
    [InlineData(4096UL, 1UL, 0UL, 4096, WireFault.OutOfRange)]
    [InlineData(ulong.MaxValue - 262143, 1UL, 0UL, 4096, WireFault.OutOfRange)]
    [InlineData(8UL << 20, 1UL << 12, 0UL, 4096, WireFault.OutOfRange)]
    [InlineData(8UL << 20, 0UL, 1UL << 63, 0, WireFault.OutOfRange)]
    [InlineData(0UL, 0b11UL, 0UL, 4096, WireFault.Malformed)]
    [InlineData(0UL, ulong.MaxValue, 0UL, -1, WireFault.Malformed)]
    public void Each_kind_of_impossible_chunk_is_refused_with_its_reason(ulong offset, ulong pages, ulong zeros, int length, WireFault expected)
    {
        var bytes = Bytes(new FrameHeader(FrameType.Pages, FrameFlags.None, 1, length, offset, pages, zeros, 0));

        Assert.Equal(expected, Assert.Throws<WireException>(() => FrameHeader.Read(bytes, Memory)).Fault);
    }

    [Theory]
    [InlineData((FrameType)99, FrameFlags.None)]
    [InlineData(FrameType.Ack, (FrameFlags)0x8000)]
    public void An_unknown_type_or_flag_is_refused_as_unsupported(FrameType type, FrameFlags flags)
    {
        var bytes = Bytes(new FrameHeader(type, flags, 0, 0, 0, 0, 0, 0));

        Assert.Equal(WireFault.Unsupported, Assert.Throws<WireException>(() => FrameHeader.Read(bytes, Memory)).Fault);
    }

    [Fact]
    public void A_hello_is_read_back_as_it_was_written()
    {
        var hello = new StreamHello("m-007-0197c0d1e2f0001", 64 << 20, 1, 2, 3L << 40);

        Assert.Equal(hello, StreamHello.Parse(hello.ToBytes()));
    }

    [Theory]
    [InlineData(0, 0xff, WireFault.Malformed)]
    [InlineData(4, 2, WireFault.Unsupported)]
    [InlineData(8, 1, WireFault.Unsupported)]
    [InlineData(24, 1, WireFault.Unsupported)]
    [InlineData(30, 17, WireFault.Malformed)]
    [InlineData(32, 2, WireFault.Malformed)]
    public void A_hello_of_another_kind_is_refused(int at, byte value, WireFault expected)
    {
        var bytes = new StreamHello("m", 64 << 20, 1, 2, 1).ToBytes();
        bytes[at] = value;

        Assert.Equal(expected, Assert.Throws<WireException>(() => StreamHello.Parse(bytes)).Fault);
    }

    [Fact]
    public void An_optional_feature_we_do_not_know_is_ignored()
    {
        var bytes = new StreamHello("m", 64 << 20, 1, 2, 1).ToBytes();
        bytes[12] = 0xff;

        Assert.Equal(2, StreamHello.Parse(bytes).Streams);
    }

    private static byte[] Bytes(FrameHeader header)
    {
        var bytes = new byte[FrameHeader.Length];
        header.Write(bytes);
        return bytes;
    }
}
