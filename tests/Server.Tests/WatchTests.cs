using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary>Watches: no gap, no repeat, an end, and no hold on a server that stops.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private Edge _edge = null!;
    private MigrationId _id;

    public async Task InitializeAsync()
    {
        _edge = await Edge.StartAsync();
        _id = MigrationId.Parse(_edge.Plane.Add().Metadata.Name);
    }

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Fact]
    public async Task History_comes_first_then_the_status_then_what_happens_until_the_end()
    {
        Happen("PrecheckPassed");
        using var response = await OpenAsync(null);
        await using var items = ItemsAsync(response).GetAsyncEnumerator();

        Assert.Equal(("event", "1"), await NextAsync(items));
        Assert.Equal(("event", "2"), await NextAsync(items));
        Assert.Equal(("status", null), await NextAsync(items));
        Happen("MigrationCompleted", status => status with { Phase = "Settling", Outcome = "Completed" });
        Assert.Equal(("event", "3"), await NextAsync(items));
        Assert.Equal(("status", null), await NextAsync(items));
        Happen("MigrationClosed", status => status with { Phase = "Closed", ClosedAt = DateTimeOffset.UnixEpoch });
        Assert.Equal(("event", "4"), await NextAsync(items));
        Assert.Equal(("status", null), await NextAsync(items));
        Assert.Equal(("end", null), await NextAsync(items));
        Assert.False(await items.MoveNextAsync());
    }

    [Fact]
    public async Task Last_event_id_resumes_without_gap_and_without_repeat()
    {
        for (var i = 0; i < 5; i++) Happen("PreCopyRoundCompleted");
        using var response = await OpenAsync("4");
        await using var items = ItemsAsync(response).GetAsyncEnumerator();

        Assert.Equal(("event", "5"), await NextAsync(items));
        Assert.Equal(("event", "6"), await NextAsync(items));
        Assert.Equal(("status", null), await NextAsync(items));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("nonsense")]
    public async Task A_position_beyond_the_history_is_gone(string position)
    {
        using var response = await OpenAsync(position);
        Assert.Equal("positionGone", (await Edge.ProblemAsync(response, HttpStatusCode.Gone)).Code);
    }

    [Fact]
    public async Task A_thousand_changes_at_once_are_all_seen()
    {
        using var response = await OpenAsync(null);
        await using var items = ItemsAsync(response).GetAsyncEnumerator();
        await NextAsync(items);
        Parallel.For(0, 1_000, _ => Happen("PreCopyRoundCompleted"));

        var seen = 1;
        while (seen < 1_001)
        {
            var (type, id) = await NextAsync(items);
            if (type == "event") Assert.Equal((++seen).ToString(), id);
        }
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_watches()
    {
        using var response = await OpenAsync(null);
        await using var items = ItemsAsync(response).GetAsyncEnumerator();
        await NextAsync(items);
        await NextAsync(items);

        await _edge.StopAsync();

        Assert.False(await items.MoveNextAsync());
    }

    private void Happen(string type, Func<MigrationStatus, MigrationStatus>? change = null)
    {
        _edge.Plane.Append(_id, type, change);
        _edge.Changes.Raise(_id.StreamKey);
    }

    private async Task<HttpResponseMessage> OpenAsync(string? position)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/migrations/{_id}/watch");
        if (position is not null) request.Headers.Add("Last-Event-ID", position);
        return await _edge.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async IAsyncEnumerable<(string Type, string? Id)> ItemsAsync(HttpResponseMessage response)
    {
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        await using var body = await response.Content.ReadAsStreamAsync();
        var parser = SseParser.Create(body, (type, data) => type == "event" ? JsonSerializer.Deserialize(data, ApiJson.Reader.EventResource)!.Version.ToString() : null);
        await foreach (var item in parser.EnumerateAsync()) yield return (item.EventType, item.Data);
    }

    private static async Task<(string Type, string? Id)> NextAsync(IAsyncEnumerator<(string Type, string? Id)> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        return items.Current;
    }
}
