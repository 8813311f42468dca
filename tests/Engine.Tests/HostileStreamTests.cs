using Coordinator.Shared.Integrity;
using Engine.Tests.Given;
using FsCheck;
using FsCheck.Fluent;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;
using HostNode.Engine.Transfer;

namespace Engine.Tests;

/// <summary>A destination that is sent anything: it refuses, says why, and never takes it for a complete guest.</summary>
public sealed class HostileStreamTests : IIncomingHost, IDisposable
{
    private const long Length = 1 << 20;
    private const string Attempt = "m-007-19254d380000001";

    private readonly GuestMemory _guest = new(
        MemoryFile.Create("hostile", Length), MemoryFile.Create("hostile-w", PageBitmap.FileLength(Length)), MemoryFile.Create("hostile-o", PageBitmap.FileLength(Length)));

    private int _loaded;

    public void Dispose() => _guest.Dispose();

    [Fact]
    public void An_honest_conversation_is_accepted()
    {
        Talk(Conversation());

        Assert.Equal(1, _loaded);
        Assert.Equal(7, _guest.Memory.Bytes(4096, 1)[0]);
    }

    [Fact]
    public void A_conversation_with_any_byte_changed_never_loads_and_always_ends() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(
        Gen.Choose(0, Conversation().Length - 1).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (at, change) =>
        {
            var bytes = Conversation();
            bytes[at] ^= (byte)change;
            _loaded = 0;
            Talk(bytes);
            return _loaded == 0;
        }));

    [Fact]
    public void A_stream_of_noise_is_refused() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(
        ArbMap.Default.GeneratorFor<byte[]>().ToArbitrary(), noise =>
        {
            Talk(noise);
            return _loaded == 0;
        }));

    [Fact]
    public void A_hello_for_another_attempt_is_answered_with_the_reason()
    {
        using var transfer = new IncomingTransfer("m-007-19254d3800000ff", _guest, this);
        var (near, far) = LoopbackPeers.Pair();
        using var mine = new FrameChannel(near, Length);
        transfer.Accept(far);
        mine.Send(FrameType.Hello, FrameFlags.None, 0, 0, new StreamHello(Attempt, Length, 0, 1, 1).ToBytes());

        var answer = mine.ReadHeader();

        Assert.Equal(FrameType.Error, answer.Type);
        Assert.Equal(WireFault.Refused, mine.ReadError(answer).Fault);
    }

    [Fact]
    public void A_stream_of_a_lower_link_is_refused_once_a_higher_one_came()
    {
        using var transfer = new IncomingTransfer(Attempt, _guest, this);
        using var newer = Greet(transfer, link: 5);
        Assert.Equal(FrameType.HelloAck, newer.ReadHeader().Type);
        using var older = Greet(transfer, link: 4);

        Assert.Equal(FrameType.Error, older.ReadHeader().Type);
        newer.Send(FrameType.RoundEnd, FrameFlags.None, 1, 0);
        Assert.Equal(FrameType.RoundAck, newer.ReadHeader().Type);
    }

    [Fact]
    public void A_higher_link_ends_the_one_before_and_learns_what_came_over_it()
    {
        using var transfer = new IncomingTransfer(Attempt, _guest, this);
        using var older = Greet(transfer, link: 4);
        older.ReadHeader();
        older.Send(Pages());
        older.Send(FrameType.RoundEnd, FrameFlags.None, 3, 0);
        UntilRoundAck(older);
        using var newer = Greet(transfer, link: 5);

        var answer = newer.ReadHeader();

        Assert.Equal((FrameType.HelloAck, 1UL, 3u), (answer.Type, answer.Offset, answer.Round));
        Assert.ThrowsAny<IOException>(() => older.ReadHeader());
    }

    [Fact]
    public void A_page_sent_twice_in_one_round_is_counted_as_sent_again()
    {
        using var transfer = new IncomingTransfer(Attempt, _guest, this);
        using var channel = Greet(transfer, link: 1);
        channel.ReadHeader();
        channel.Send(Pages());
        channel.Send(Pages());
        channel.Send(FrameType.RoundEnd, FrameFlags.None, 3, 0);
        UntilRoundAck(channel);

        Assert.Equal(4096, transfer.Resent);
    }

    void IIncomingHost.Loaded(string digest) => _loaded++;

    void IIncomingHost.Failed(string reason)
    {
        // A digest that does not fit is one of the ends that are wanted.
    }

    private static FrameChannel Greet(IncomingTransfer transfer, long link)
    {
        var (near, far) = LoopbackPeers.Pair();
        var channel = new FrameChannel(near, Length);
        transfer.Accept(far);
        channel.Send(FrameType.Hello, FrameFlags.None, 0, 0, new StreamHello(Attempt, Length, 0, 1, link).ToBytes());
        return channel;
    }

    private static void UntilRoundAck(FrameChannel channel)
    {
        while (channel.ReadHeader().Type != FrameType.RoundAck)
        {
        }
    }

    // Says it all at once and reads until the other side hangs up: it always does, for our half is closed.
    private void Talk(byte[] bytes)
    {
        using var transfer = new IncomingTransfer(Attempt, _guest, this);
        var (near, far) = LoopbackPeers.Pair();
        using var mine = near;
        transfer.Accept(far);
        try
        {
            mine.Write(bytes);
            ((System.Net.Sockets.NetworkStream)mine).Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            var sink = new byte[4096];
            while (mine.Read(sink) > 0)
            {
            }
        }
        catch (IOException)
        {
            // It hung up before we had said all.
        }
    }


    private static byte[] Pages()
    {
        var frame = new byte[FrameHeader.Length + 4096];
        frame.AsSpan(FrameHeader.Length).Fill(7);
        new FrameHeader(FrameType.Pages, FrameFlags.None, 3, 4096, 0, 0b10, 0, Crc32C.Of(frame.AsSpan(FrameHeader.Length))).Write(frame);
        return frame;
    }

    private static byte[] Conversation()
    {
        using var written = new MemoryStream();
        using var channel = new FrameChannel(written, Length);
        channel.Send(FrameType.Hello, FrameFlags.None, 0, 0, new StreamHello(Attempt, Length, 0, 1, 1).ToBytes());
        channel.Send(Pages());
        channel.Send(FrameType.RoundEnd, FrameFlags.None, 3, 0);
        var table = new PageHashTable(Length);
        table[1] = XxHash64.Of(Enumerable.Repeat((byte)7, 4096).ToArray());
        channel.Send(FrameType.End, FrameFlags.None, 3, table.Digest());
        return written.ToArray();
    }
}
