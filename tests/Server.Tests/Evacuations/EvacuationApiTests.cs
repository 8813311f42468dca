using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;

namespace Server.Tests.Evacuations;

/// <summary>The edge in front of evacuations: what is refused before anything is asked, what is passed on, how a watch ends.</summary>
public sealed class EvacuationApiTests : IAsyncLifetime
{
    private Edge _edge = null!;

    public async Task InitializeAsync() => _edge = await Edge.StartAsync();

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Theory]
    [InlineData("{}", "$", "missing \"hosts\"")]
    [InlineData("""{ "hosts": [] }""", "$.hosts", "names 0 hosts, must name 1 to 1000")]
    [InlineData("""{ "hosts": ["host-a", "host-a"] }""", "$.hosts", "names a host twice")]
    [InlineData("""{ "hosts": ["Not A Name"] }""", "$.hosts[0]", "'Not A Name' is not a host name: use 1 to 63 characters of a-z 0-9 . -, beginning with a letter or digit")]
    [InlineData("""{ "hosts": ["host-a"], "extra": 1 }""", "$.extra", "unknown field \"extra\"")]
    [InlineData("""{ "hosts": ["host-a"], "caps": { "global": 0 } }""", "$.caps.global", "is 0, must be 1 to 100000")]
    [InlineData("""{ "hosts": ["host-a"], "failureRate": 1.5 }""", "$.failureRate", "must be 0 to 1")]
    [InlineData("""{ "hosts": ["host-a"], "onNonMigratable": "shutdown" }""", "$.onNonMigratable", "is 'shutdown', must be block or skip")]
    [InlineData("""{ "hosts": ["host-a"], "notAfter": "2020-01-01T00:00:00Z" }""", "$.notAfter", "is over already")]
    [InlineData("""{ "hosts": ["host-a"], "policy": { "streams": 17 } }""", "$.policy.streams", "is 17, must be 1 to 16")]
    public async Task A_bad_request_names_the_field_for_a_dry_run_too(string body, string field, string detail)
    {
        foreach (var path in new[] { "/v1/evacuations", "/v1/evacuations?dryRun=true" })
        {
            var problem = await Edge.ProblemAsync(await _edge.PostAsync(path, body), HttpStatusCode.BadRequest);
            var error = Assert.Single(problem.Errors!);
            Assert.Equal((field, detail), (error.Key, error.Value[0]));
        }

        Assert.Empty(_edge.Evacuations.Calls);
    }

    [Fact]
    public async Task A_dry_run_returns_the_plan_and_asks_for_nothing()
    {
        using var answer = await _edge.PostAsync("/v1/evacuations?dryRun=true", """{ "hosts": ["host-a"] }""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ApiJson.Reader.EvacuationPlan)!.Possible);
        Assert.Empty(_edge.Evacuations.Calls);
    }

    [Fact]
    public async Task A_request_is_202_with_its_place_and_carries_who_asked_under_which_key()
    {
        using var answer = await _edge.PostAsync("/v1/evacuations", """{ "hosts": ["host-a", "host-b"], "failureBudget": 3, "caps": { "hostOut": 2 } }""", ("Idempotency-Key", "k-1"));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var made = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ApiJson.Reader.EvacuationResource)!;
        Assert.Equal("/v1/evacuations/" + made.Metadata.Name, answer.Headers.Location!.ToString());
        var (_, call, body) = Assert.Single(_edge.Evacuations.Calls);
        Assert.Equal("k-1", call.IdempotencyKey);
        var asked = Assert.IsType<CreateEvacuation>(body);
        Assert.Equal((3, 2, 4, 256), (asked.FailureBudget, asked.Caps!.HostOut, asked.Caps.HostIn, asked.Caps.Global));
    }

    [Theory]
    [InlineData("pause", HttpStatusCode.OK)]
    [InlineData("resume", HttpStatusCode.OK)]
    [InlineData("retryFailed", HttpStatusCode.OK)]
    [InlineData("cancel", HttpStatusCode.Accepted)]
    public async Task Actions_are_passed_on_with_or_without_a_body(string action, HttpStatusCode status)
    {
        var id = _edge.Evacuations.Add("host-a");
        Assert.Equal(status, (await _edge.PostAsync($"/v1/evacuations/{id}:{action}", "")).StatusCode);
        Assert.Equal(status, (await _edge.PostAsync($"/v1/evacuations/{id}:{action}", """{ "reason": "storm" }""")).StatusCode);

        Assert.Equal([action, action], _edge.Evacuations.Calls.Select(call => call.What));
        Assert.Equal("notFound", (await Edge.ProblemAsync(await _edge.PostAsync($"/v1/evacuations/e-001-000000000000000:{action}", ""), HttpStatusCode.NotFound)).Code);
    }

    [Fact]
    public async Task Running_migrations_are_stopped_only_when_that_is_said()
    {
        var id = _edge.Evacuations.Add("host-a");
        await _edge.PostAsync($"/v1/evacuations/{id}:cancel", "{}");
        await _edge.PostAsync($"/v1/evacuations/{id}:cancel", """{ "stopRunning": true }""");

        Assert.Equal([new CancelEvacuation(), new CancelEvacuation(StopRunning: true)], _edge.Evacuations.Calls.Select(call => call.Body));
    }

    [Fact]
    public async Task A_list_is_filtered_by_host_and_by_what_is_open()
    {
        var (first, second) = (_edge.Evacuations.Add("host-a"), _edge.Evacuations.Add("host-b"));
        _edge.Evacuations.End(first);
        async Task<IEnumerable<string>> NamesAsync(string query) =>
            JsonSerializer.Deserialize(await _edge.Http.GetStringAsync("/v1/evacuations" + query), ApiJson.Reader.ListResourceEvacuationResource)!.Items.Select(e => e.Metadata.Name);

        Assert.Equal([second.Value, first.Value], await NamesAsync(""));
        Assert.Equal([first.Value], await NamesAsync("?host=host-a"));
        Assert.Equal([second.Value], await NamesAsync("?open=true"));
    }

    [Fact]
    public async Task A_watch_shows_history_then_status_also_without_an_event_and_ends_when_its_hosts_can_be_switched_off()
    {
        var id = _edge.Evacuations.Add("host-a");
        using var response = await _edge.Http.GetAsync($"/v1/evacuations/{id}/watch", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using var items = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();

        Assert.Equal("event", await NextAsync(items));
        Assert.Equal("status", await NextAsync(items));
        Assert.Equal("status", await NextAsync(items));
        _edge.Evacuations.End(id);
        _edge.Changes.Raise(id.StreamKey);
        string next;
        while ((next = await NextAsync(items)) == "status")
        {
        }

        Assert.Equal("event", next);
        Assert.Equal("status", await NextAsync(items));
        Assert.Equal("end", await NextAsync(items));
        Assert.False(await items.MoveNextAsync());
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<SseItem<string>> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        return items.Current.EventType;
    }
}
