using Coordinator.Server.Node;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary>Whether a host is heard of, when its links come and go in any order.</summary>
public sealed class HostLinksTests
{
    private static readonly HostId A = HostId.Parse("host-a");

    // Found on a machine under load: an agent had given up waiting and come again, and both links were admitted at once.
    [Fact]
    public void An_older_link_that_is_told_late_does_not_hide_the_one_that_stands()
    {
        var links = new HostLinks(TimeProvider.System);
        links.Connected(A, 9, "1");
        links.Connected(A, 2, "1");
        links.Gone(A, 2);

        Assert.Equal("Ready", links.Of(A).Phase);
        links.Gone(A, 9);
        Assert.Equal("Gone", links.Of(A).Phase);
    }
}
