using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Server.Hosting;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Microsoft.AspNetCore.Builder;

namespace Server.Tests.Evacuations;

/// <summary>Evacuations of a whole coordinator in this process; the agents' words are said by the test.</summary>
public sealed class EvacuationNodeTests : IAsyncLifetime
{
    private readonly TestCluster _cluster = new();
    private readonly List<HubClient> _agents = [];
    private Certificates _certificates = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;
    private ReadyFile _addresses = null!;

    public async Task InitializeAsync()
    {
        var options = _cluster.Options();
        _certificates = Certificates.Load(options, TimeProvider.System);
        _app = EdgeApplication.Build(options, _certificates, services => NodeServices.Add(services, options));
        await _app.StartAsync();
        _addresses = ReadyFile.Of(_app);
        _http = new HttpClient { BaseAddress = new Uri(_addresses.Http) };
    }

    public async Task DisposeAsync()
    {
        foreach (var agent in _agents) agent.Dispose();
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificates.Dispose();
        _cluster.Dispose();
    }

    [Fact]
    public async Task A_plan_is_made_of_the_fleet_as_it_is_and_changes_nothing()
    {
        await FleetAsync();

        var plan = await PlanAsync("""{ "hosts": ["host-a"] }""");

        Assert.True(plan.Possible);
        Assert.Equal(["vm-1", "vm-2"], plan.Moves.Select(move => move.Guest).Order());
        Assert.All(plan.Moves, move => Assert.Equal(("host-a", "host-b"), (move.Source, move.Destination)));
        Assert.True(plan.CapacityAfter.Single(host => host.Host == "host-a").Emptied);
        Assert.True((await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Spec.Schedulable);
        Assert.Empty((await GetAsync("/v1/evacuations", ApiJson.Reader.ListResourceEvacuationResource)).Items);
    }

    [Fact]
    public async Task Hosts_that_cannot_be_emptied_are_refused_by_name_and_remedy()
    {
        await FleetAsync();
        Assert.Equal("host.unknown", (await RefusedAsync("/v1/evacuations?dryRun=true", """{ "hosts": ["host-z"] }""", HttpStatusCode.NotFound)).Code);

        _agents[1].Dispose();
        while ((await GetAsync("/v1/hosts/host-b", ApiJson.Reader.HostResource)).Status.Phase != "Gone")
        {
        }

        var silent = await RefusedAsync("/v1/evacuations", """{ "hosts": ["host-b"] }""", HttpStatusCode.Conflict);
        Assert.Equal("host.silent", silent.Code);
        Assert.Contains("lm hosts write-off", silent.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guests_in_the_way_refuse_it_each_as_a_problem_and_the_dry_run_says_the_same()
    {
        await FleetAsync();
        await PostAsync("/v1/hosts/host-b:cordon", "{}", HttpStatusCode.OK);

        var refused = await RefusedAsync("/v1/evacuations", """{ "hosts": ["host-a"] }""", HttpStatusCode.Conflict);
        var plan = await PlanAsync("""{ "hosts": ["host-a"] }""");

        Assert.Equal("evacuation.blocked", refused.Code);
        Assert.False(plan.Possible);
        Assert.Equal(plan.Blockers.Select(b => (b.Code, b.Detail, b.Remedy)), refused.Problems!.Select(p => (p.Code, p.Detail, p.Remedy)));
        Assert.Equal(2, plan.Blockers.Count);
        Assert.Empty((await GetAsync("/v1/evacuations", ApiJson.Reader.ListResourceEvacuationResource)).Items);
    }

    [Fact]
    public async Task A_guest_on_its_way_to_the_host_stands_in_the_way()
    {
        await FleetAsync();
        await PostAsync("/v1/migrations", """{ "vm": "vm-3", "destination": "host-a" }""", HttpStatusCode.Accepted);

        Assert.Contains((await PlanAsync("""{ "hosts": ["host-a"] }""")).Blockers, blocker => blocker is { Code: "guest.arriving", Guest: "vm-3" });
    }

    [Fact]
    public async Task The_same_key_gives_the_same_evacuation_and_another_request_for_its_host_is_refused()
    {
        await FleetAsync();
        const string body = """{ "hosts": ["host-a"], "reason": "new kernel" }""";
        var first = await PostAsync("/v1/evacuations", body, HttpStatusCode.Accepted, ApiJson.Reader.EvacuationResource, ("Idempotency-Key", "k-1"));
        var again = await PostAsync("/v1/evacuations", body, HttpStatusCode.Accepted, ApiJson.Reader.EvacuationResource, ("Idempotency-Key", "k-1"));

        Assert.Equal(first.Metadata.Name, again.Metadata.Name);
        Assert.Equal("idempotency.otherBody", (await RefusedAsync("/v1/evacuations", """{ "hosts": ["host-b"] }""", HttpStatusCode.UnprocessableEntity, ("Idempotency-Key", "k-1"))).Code);
        var draining = await RefusedAsync("/v1/evacuations?dryRun=true", body, HttpStatusCode.Conflict);
        Assert.Equal("host.draining", draining.Code);
        Assert.Contains(first.Metadata.Name, draining.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_host_is_cordoned_and_Draining_its_guests_are_shown_and_paused_it_says_by_whom()
    {
        await FleetAsync();
        var made = await PostAsync("/v1/evacuations", """{ "hosts": ["host-a"], "canary": 1 }""", HttpStatusCode.Accepted, ApiJson.Reader.EvacuationResource);
        var path = "/v1/evacuations/" + made.Metadata.Name;
        EvacuationResource now;
        while ((now = await GetAsync(path, ApiJson.Reader.EvacuationResource)).Status.Counts.Moving == 0)
        {
        }

        Assert.Equal(("Running", 1, 2, 1), (now.Status.Phase, now.Status.Wave, now.Status.Counts.Guests, now.Status.Counts.Waiting));
        Assert.Equal([("canary", 1), ("main", 1)], now.Status.Waves.Select(wave => (wave.Kind, wave.Guests)));
        Assert.Contains("wave 1", Assert.Single(now.Status.WaitingOn).Why, StringComparison.Ordinal);
        Assert.True(now.Status.Eta!.P90Seconds >= now.Status.Eta.P50Seconds);
        var host = await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource);
        Assert.Equal(("Draining", false, false), (host.Status.Phase, host.Spec.Schedulable, host.Status.SafeToPowerOff));
        Assert.Equal(("host-a", false), (now.Status.Hosts.Single().Name, now.Status.Hosts.Single().SafeToPowerOff));
        Assert.Contains("\nlm_evacuation_hosts_remaining 1\n", await _http.GetStringAsync("/metrics"), StringComparison.Ordinal);

        var paused = await PostAsync(path + ":pause", """{ "reason": "storm" }""", HttpStatusCode.OK, ApiJson.Reader.EvacuationResource);
        Assert.Equal(("Paused", "operator"), (paused.Status.Phase, paused.Status.PausedBy));
        Assert.Contains("storm", paused.Status.Verdict, StringComparison.Ordinal);
        Assert.Equal(["resume", "cancel"], paused.Status.Actions);
        Assert.Equal("Running", (await PostAsync(path + ":resume", "{}", HttpStatusCode.OK, ApiJson.Reader.EvacuationResource)).Status.Phase);
        Assert.Equal("evacuation.unknown", (await RefusedAsync("/v1/evacuations/e-001-000000000000000:pause", "{}", HttpStatusCode.NotFound)).Code);
    }

    [Fact]
    public async Task An_empty_host_is_safe_to_power_off_only_while_its_agent_says_so()
    {
        await AgentAsync("host-a");
        await PostAsync("/v1/evacuations", """{ "hosts": ["host-a"] }""", HttpStatusCode.Accepted);
        HostResource host;
        while (!(host = await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Status.SafeToPowerOff)
        {
        }

        Assert.Equal("Empty", host.Status.Phase);
        EvacuationResource evacuation;
        while ((evacuation = Assert.Single((await GetAsync("/v1/evacuations?host=host-a", ApiJson.Reader.ListResourceEvacuationResource)).Items)).Status.ClosedAt is null)
        {
        }

        Assert.Equal(("Completed", true), (evacuation.Status.Phase, evacuation.Status.Hosts.Single().SafeToPowerOff));

        _agents[0].Dispose();
        while ((host = await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Status.Phase != "Gone")
        {
        }

        Assert.Equal((false, "its agent is not connected (Gone): nobody knows what it holds"), (host.Status.SafeToPowerOff, host.Status.NotSafeBecause));
    }

    [Fact]
    public async Task A_guest_that_only_the_agent_knows_is_in_the_way_of_switching_off()
    {
        var agent = await HubClient.ConnectAsync(_addresses.Hub, _cluster.IssueHost("host-a"));
        _agents.Add(agent);
        await agent.SendAsync(HubClient.Hello("host-a") with { Guests = [new GuestFact(VmId.Parse("vm-x"), "native", new Epoch(1), true, new(1 << 20))] });
        Assert.IsType<HubWelcome>(await agent.ReceiveAsync());
        await PostAsync("/v1/hosts/host-a:cordon", "{}", HttpStatusCode.OK);

        string? why;
        while ((why = (await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Status.NotSafeBecause)!.Contains("not connected", StringComparison.Ordinal))
        {
        }

        Assert.Equal("its agent holds vm-x, which no coordinator knows: adopt it, or end it there", why);
    }

    // Two guests on host-a, one on host-b.
    private async Task FleetAsync()
    {
        var (a, b) = (await AgentAsync("host-a"), await AgentAsync("host-b"));
        await RunningAsync(a, 1, "vm-1", "host-a");
        await RunningAsync(a, 2, "vm-2", "host-a");
        await RunningAsync(b, 1, "vm-3", "host-b");
    }

    private async Task<HubClient> AgentAsync(string host)
    {
        var agent = await HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost(host), host);
        _agents.Add(agent);
        return agent;
    }

    private async Task RunningAsync(HubClient agent, int report, string vm, string host)
    {
        await PostAsync("/v1/vms", $$"""{ "name": "{{vm}}", "host": "{{host}}", "spec": { "driver": "native", "memory": 67108864, "vcpus": 1 } }""", HttpStatusCode.Accepted);
        HubMessage? message;
        while ((message = await agent.ReceiveAsync()) is not HubOrder { Order: StartVm order } || order.Vm.Value != vm)
        {
            Assert.NotNull(message);
        }

        await agent.SendAsync(new AgentReport(1, report, new VmRunning(VmId.Parse(vm), new Epoch(1))));
        while ((await GetAsync("/v1/vms/" + vm, ApiJson.Reader.VmResource)).Status.Phase != "Running")
        {
        }
    }

    private Task<Coordinator.Shared.Contracts.Evacuations.EvacuationPlan> PlanAsync(string body) => PostAsync("/v1/evacuations?dryRun=true", body, HttpStatusCode.OK, ApiJson.Reader.EvacuationPlan);

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(await _http.GetStringAsync(path), type)!;

    private async Task<HttpResponseMessage> SendAsync(string path, string body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await _http.SendAsync(request);
    }

    private async Task PostAsync(string path, string body, HttpStatusCode status)
    {
        using var response = await SendAsync(path, body, []);
        Assert.True(response.StatusCode == status, await response.Content.ReadAsStringAsync());
    }

    private async Task<T> PostAsync<T>(string path, string body, HttpStatusCode status, JsonTypeInfo<T> type, params (string, string)[] headers)
    {
        using var response = await SendAsync(path, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, text);
        return JsonSerializer.Deserialize(text, type)!;
    }

    private async Task<ProblemBody> RefusedAsync(string path, string body, HttpStatusCode status, params (string, string)[] headers)
    {
        using var response = await SendAsync(path, body, headers);
        return await Edge.ProblemAsync(response, status);
    }
}
