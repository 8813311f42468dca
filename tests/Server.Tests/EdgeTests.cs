using System.Globalization;
using System.Net;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;

namespace Server.Tests;

/// <summary>The manners of the API: tags, pages, ids, who asks, and who may not.</summary>
public sealed class EdgeTests : IAsyncLifetime
{
    private const string Request = """{ "vm": "vm-1", "destination": "host-b" }""";
    private Edge _edge = null!;

    public async Task InitializeAsync() => _edge = await Edge.StartAsync();

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Fact]
    public async Task A_created_migration_is_202_with_its_address_and_tag()
    {
        using var response = await _edge.PostAsync("/v1/migrations", Request);

        var made = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), ApiJson.Reader.MigrationResource)!;
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("/v1/migrations/" + made.Metadata.Name, response.Headers.Location!.ToString());
        Assert.Equal("\"" + made.Metadata.Etag + "\"", response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task What_the_client_knows_already_is_304()
    {
        var name = _edge.Plane.Add().Metadata.Name;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/migrations/" + name);
        request.Headers.Add("If-None-Match", "\"1\"");

        using var response = await _edge.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    [Fact]
    public async Task Who_asks_under_which_key_and_version_reaches_the_coordinator()
    {
        using var response = await _edge.PostAsync("/v1/migrations", Request, ("Idempotency-Key", "k-1"), ("If-Match", "\"17\""), ("X-Request-Id", "req-7"));

        Assert.True(_edge.Plane.Calls.TryDequeue(out var call));
        Assert.Equal("k-1", call.IdempotencyKey);
        Assert.Equal(17, call.IfMatch);
        Assert.Equal("req-7", call.RequestId);
        Assert.Equal("req-7", response.Headers.GetValues("X-Request-Id").Single());
        Assert.Equal("local:" + Uid(), call.Actor);
    }

    [Fact]
    public async Task The_same_body_at_another_address_is_another_request()
    {
        await _edge.PostAsync("/v1/hosts/host-a:cordon", "{}");
        await _edge.PostAsync("/v1/hosts/host-b:cordon", "{}");
        await _edge.PostAsync("/v1/hosts/host-b:cordon", "{}");

        var hashes = _edge.Plane.Calls.Select(call => call.BodyHash).ToList();
        Assert.NotEqual(hashes[0], hashes[1]);
        Assert.Equal(hashes[1], hashes[2]);
    }

    [Fact]
    public async Task An_action_needs_no_body()
    {
        var name = _edge.Plane.Add().Metadata.Name;
        using var response = await _edge.Http.PostAsync($"/v1/migrations/{name}:cancel", null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Pages_meet_each_row_once_and_end()
    {
        var made = Enumerable.Range(0, 25).Select(_ => _edge.Plane.Add().Metadata.Name).ToList();
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var json = await _edge.Http.GetStringAsync("/v1/migrations?limit=10" + (cursor is null ? "" : "&cursor=" + cursor));
            var page = JsonSerializer.Deserialize(json, ApiJson.Reader.ListResourceMigrationResource)!;
            seen.AddRange(page.Items.Select(m => m.Metadata.Name));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        made.Reverse();
        Assert.Equal(made, seen);
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    public async Task A_web_page_of_another_site_cannot_use_a_browser_on_this_machine(string header, string value)
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", Request, (header, value)), HttpStatusCode.Forbidden);
        Assert.Equal("foreignPage", problem.Code);
        Assert.Empty(_edge.Plane.Calls);
    }

    [Fact]
    public async Task Our_own_page_may()
    {
        using var response = await _edge.PostAsync("/v1/migrations", Request, ("Origin", _edge.Addresses.Http));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Readiness_tells_each_check_and_is_503_when_one_fails()
    {
        Assert.Equal(HttpStatusCode.OK, (await _edge.Http.GetAsync("/readyz")).StatusCode);
        _edge.Plane.Health.Add(new HealthCheck("store", false, "the disk is full"));

        using var response = await _edge.Http.GetAsync("/readyz");

        var report = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), ApiJson.Reader.HealthReport)!;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("failing", report.Status);
        Assert.Contains(report.Checks, check => check is { Ok: false, Detail: "the disk is full" });
        Assert.Equal(HttpStatusCode.OK, (await _edge.Http.GetAsync("/livez")).StatusCode);
    }

    [Fact]
    public async Task Metrics_name_routes_and_never_paths()
    {
        var name = _edge.Plane.Add().Metadata.Name;
        await _edge.Http.GetAsync("/v1/migrations/" + name);

        var text = await _edge.Http.GetStringAsync("/metrics");

        Assert.Contains("lm_http_request_duration_seconds_count{route=\"/v1/migrations/{id}\",method=\"GET\",code=\"200\"} 1", text);
        Assert.DoesNotContain(name, text);
        Assert.Contains("lm_build_info{", text);
    }

    [Fact]
    public async Task The_api_is_not_served_where_agents_connect_and_the_hub_not_where_people_do()
    {
        Assert.Equal("noRoute", (await Edge.ProblemAsync(await _edge.Http.GetAsync("/hub"), HttpStatusCode.NotFound)).Code);
        using var agent = HubClient.Http(_edge, _edge.Cluster.IssueHost("host-a"));
        using var response = await agent.GetAsync(_edge.Addresses.Hub.Replace("wss", "https", StringComparison.Ordinal).Replace("/hub", "/v1/hosts", StringComparison.Ordinal));
        Assert.Equal("noRoute", (await Edge.ProblemAsync(response, HttpStatusCode.NotFound)).Code);
    }

    private static string Uid() =>
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t', StringSplitOptions.RemoveEmptyEntries)[1].ToString(CultureInfo.InvariantCulture);
}
