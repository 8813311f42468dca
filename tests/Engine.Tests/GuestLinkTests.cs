using System.Net.Sockets;
using HostNode.Engine.Guests;

namespace Engine.Tests;

/// <summary>The link between an agent and a guest-holder, without the holder.</summary>
public sealed class GuestLinkTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"link-{Environment.ProcessId}.sock");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public GuestLinkTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(1);
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void A_holder_that_was_gone_before_anybody_asked_is_told_all_the_same()
    {
        using var link = GuestLink.Connect(_path);
        _listener.Accept().Dispose();
        Assert.Throws<IOException>(() => link.Status());
        using var told = new ManualResetEventSlim();

        link.WhenLost(told.Set);

        Assert.True(told.Wait(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_link_that_we_close_ourselves_is_not_told_as_lost()
    {
        var told = 0;
        using (var link = GuestLink.Connect(_path)) link.WhenLost(() => told++);

        Assert.Equal(0, told);
    }
}
