using Coordinator.Server.Streaming;

namespace Server.Tests;

public sealed class ChangeFeedTests
{
    [Fact]
    public async Task A_change_between_subscribing_and_waiting_is_not_lost()
    {
        var feed = new ChangeFeed();
        using var watcher = feed.Subscribe("a");
        feed.Raise("a");
        feed.Raise("a");

        Assert.True(await watcher.WaitAsync(TimeSpan.FromSeconds(30), default));
        Assert.False(await watcher.WaitAsync(TimeSpan.Zero, default));
    }

    [Fact]
    public async Task Only_watchers_of_that_stream_wake()
    {
        var feed = new ChangeFeed();
        using var watcher = feed.Subscribe("a");
        feed.Raise("b");
        Assert.False(await watcher.WaitAsync(TimeSpan.Zero, default));
    }

    [Fact]
    public async Task Watchers_that_come_and_go_leave_the_others_alone()
    {
        var feed = new ChangeFeed();
        using var stays = feed.Subscribe("a");
        Parallel.For(0, 2_000, _ => feed.Subscribe("a").Dispose());
        feed.Raise("a");
        Assert.True(await stays.WaitAsync(TimeSpan.FromSeconds(30), default));
    }
}
