using System.Net;
using System.Text.Json;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Coordinator.Shared.Units;
using Microsoft.AspNetCore.Builder;

namespace Server.Tests;

/// <summary>The whole coordinator in this process: real store, real machine, real sockets; the agents' words are said by the test.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    private const string Guest = """{ "driver": "native", "memory": 1048576, "vcpus": 1 }""";
    private readonly TestCluster _cluster = new();
    private Certificates _certificates = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;
    private ReadyFile _addresses = null!;

    public async Task InitializeAsync() => await StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        _cluster.Dispose();
    }

    [Fact]
    public async Task An_unknown_vm_or_host_is_404_with_its_own_code()
    {
        using var agent = await AgentAsync("host-a");
        Assert.Equal("host.unknown", (await RefusedAsync("/v1/migrations", Move("vm-1", "host-z"), HttpStatusCode.NotFound)).Code);
        Assert.Equal("vm.unknown", (await RefusedAsync("/v1/migrations", Move("vm-1", "host-a"), HttpStatusCode.NotFound)).Code);
        Assert.Equal("vm.unknown", (await RefusedAsync("/v1/migrations?dryRun=true", Move("vm-1", "host-a"), HttpStatusCode.NotFound)).Code);
        Assert.Equal("host.unknown", (await RefusedAsync("/v1/vms", Register("vm-1", "host-z"), HttpStatusCode.NotFound)).Code);
        Assert.Equal("migration.unknown", (await RefusedAsync("/v1/migrations/m-001-00000000000a001:cancel", "{}", HttpStatusCode.NotFound)).Code);
    }

    [Fact]
    public async Task A_registered_vm_is_ordered_to_start_and_runs_once_its_host_said_so()
    {
        using var agent = await AgentAsync("host-a");
        await RunningAsync(agent, "vm-1", "host-a");

        var vm = await GetAsync("/v1/vms/vm-1", ApiJson.Reader.VmResource);
        Assert.Equal(("Running", "host-a", 1L), (vm.Status.Phase, vm.Status.Host, vm.Status.Epoch));
        Assert.Equal(["migrate", "stop"], vm.Status.Actions);
    }

    [Fact]
    public async Task Same_host_moving_already_and_cordoned_are_refused_and_nothing_changes()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        await RunningAsync(agentA, "vm-1", "host-a");

        Assert.Equal("migration.sameHost", (await RefusedAsync("/v1/migrations", Move("vm-1", "host-a"), HttpStatusCode.Conflict)).Code);
        await OkAsync("/v1/hosts/host-b:cordon", """{ "reason": "disk swap" }""");
        var cordoned = await RefusedAsync("/v1/migrations", Move("vm-1", "host-b"), HttpStatusCode.Conflict);
        Assert.Equal("host.cordoned", cordoned.Code);
        Assert.Contains("disk swap", cordoned.Detail);
        await OkAsync("/v1/hosts/host-b:uncordon", "{}");
        await OkAsync("/v1/migrations", Move("vm-1", "host-b"), HttpStatusCode.Accepted);
        Assert.Equal("vm.migrating", (await RefusedAsync("/v1/migrations", Move("vm-1", "host-b"), HttpStatusCode.Conflict)).Code);

        Assert.Single((await GetAsync("/v1/migrations", ApiJson.Reader.ListResourceMigrationResource)).Items);
    }

    [Fact]
    public async Task A_dry_run_lists_what_stands_against_it_and_changes_nothing()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        await RunningAsync(agentA, "vm-1", "host-a");
        await OkAsync("/v1/hosts/host-b:cordon", "{}");

        var plan = await PostAsync("/v1/migrations?dryRun=true", Move("vm-1", "host-b"), ApiJson.Reader.MigrationPlan, HttpStatusCode.OK);

        Assert.False(plan.Possible);
        Assert.Contains(plan.Problems, problem => problem.Code == "host.cordoned");
        Assert.Empty((await GetAsync("/v1/migrations", ApiJson.Reader.ListResourceMigrationResource)).Items);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_migration_and_with_another_body_422()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        using var agentC = await AgentAsync("host-c");
        await RunningAsync(agentA, "vm-1", "host-a");

        var first = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted, ("Idempotency-Key", "k-1"));
        await StopAsync();
        await StartAsync();
        var again = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted, ("Idempotency-Key", "k-1"));

        Assert.Equal(first.Metadata.Name, again.Metadata.Name);
        Assert.Equal(1, again.Status.Resumes + (again.Status.Owner!.Term == first.Status.Owner!.Term ? 1 : 0));
        var problem = await RefusedAsync("/v1/migrations", Move("vm-1", "host-c"), HttpStatusCode.UnprocessableEntity, ("Idempotency-Key", "k-1"));
        Assert.Equal("idempotency.otherBody", problem.Code);
    }

    [Fact]
    public async Task A_stale_tag_is_412_and_a_fresh_one_passes()
    {
        using var agent = await AgentAsync("host-a");
        var host = await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource);
        await OkAsync("/v1/hosts/host-a:cordon", "{}", HttpStatusCode.OK, ("If-Match", $"\"{host.Metadata.Etag}\""));

        var problem = await RefusedAsync("/v1/hosts/host-a:uncordon", "{}", HttpStatusCode.PreconditionFailed, ("If-Match", $"\"{host.Metadata.Etag}\""));

        Assert.Equal("precondition.stale", problem.Code);
        Assert.False((await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Spec.Schedulable);
    }

    [Fact]
    public async Task A_grant_leaves_with_a_signature_that_the_agents_can_check_and_events_hold_none()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        await RunningAsync(agentA, "vm-1", "host-a");
        var migration = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted);
        var id = MigrationId.Parse(migration.Metadata.Name);
        var (vm, epoch) = (VmId.Parse("vm-1"), new Epoch(2));

        await OrderAsync<Precheck>(agentA);
        await OrderAsync<Precheck>(agentB);
        await agentA.SendAsync(new AgentReport(1, 2, new PrecheckReported(vm, id, epoch, MigrationRole.Source, [])));
        await agentB.SendAsync(new AgentReport(1, 1, new PrecheckReported(vm, id, epoch, MigrationRole.Destination, [])));
        await OrderAsync<PrepareIn>(agentB);
        await agentB.SendAsync(new AgentReport(1, 2, new Prepared(vm, id, epoch, new TransferEndpoint("127.0.0.1", 7445, null))));
        await OrderAsync<MigrateOut>(agentA);
        await agentA.SendAsync(new AgentReport(1, 3, new SwitchoverReady(vm, id, epoch, TimeSpan.FromMilliseconds(20))));
        var grant = await OrderAsync<SwitchOver>(agentA);

        Assert.Null(new TokenVerifier(CaBundle.Parse(await File.ReadAllTextAsync(_cluster.File_("ca.pem")))).Problem(grant.Grant));
        Assert.DoesNotContain(grant.Grant.Signature[..20], await _http.GetStringAsync($"/v1/migrations/{id}/events"));
        var now = await GetAsync($"/v1/migrations/{id}", ApiJson.Reader.MigrationResource);
        Assert.Equal(("SwitchingOver", 20.0), (now.Status.Phase, now.Status.ForecastMs));
        Assert.Contains(now.Status.WaitingOn, waiting => waiting.StartsWith("host-a to answer SwitchOver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cancel_before_the_grant_is_final_and_a_second_one_comes_too_late()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        await RunningAsync(agentA, "vm-1", "host-a");
        var migration = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted);

        var cancelled = await PostAsync($"/v1/migrations/{migration.Metadata.Name}:cancel", """{ "reason": "changed my mind" }""", ApiJson.Reader.MigrationResource, HttpStatusCode.OK);

        Assert.Equal(("Aborted", "cancelled"), (cancelled.Status.Outcome, cancelled.Status.Cancel));
        Assert.Equal("migration.over", (await RefusedAsync($"/v1/migrations/{migration.Metadata.Name}:cancel", "{}", HttpStatusCode.Conflict)).Code);
    }

    [Fact]
    public async Task A_cancel_whose_answer_was_lost_is_answered_the_same_after_the_end()
    {
        // Given a cancel under a key, and a migration that has closed since
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        await RunningAsync(agentA, "vm-1", "host-a");
        var migration = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted);
        var cancel = $"/v1/migrations/{migration.Metadata.Name}:cancel";
        await OkAsync(cancel, "{}", HttpStatusCode.OK, ("Idempotency-Key", "c-1"));
        while ((await GetAsync($"/v1/migrations/{migration.Metadata.Name}", ApiJson.Reader.MigrationResource)).Status.Phase != "Closed")
        {
        }

        // When whoever never saw the answer asks again, then it is the same one; a new wish comes too late.
        await OkAsync(cancel, "{}", HttpStatusCode.OK, ("Idempotency-Key", "c-1"));
        Assert.Equal("migration.over", (await RefusedAsync(cancel, "{}", HttpStatusCode.Conflict, ("Idempotency-Key", "c-2"))).Code);
    }

    [Fact]
    public async Task A_host_is_written_off_only_while_it_is_silent_and_never_let_in_again()
    {
        using (var agent = await AgentAsync("host-a"))
        {
            await RunningAsync(agent, "vm-1", "host-a");
            Assert.Equal("host.connected", (await RefusedAsync("/v1/hosts/host-a:writeOff", """{ "reason": "a wrong name", "attestedOff": true }""", HttpStatusCode.Conflict)).Code);
        }

        while ((await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource)).Status.Phase != "Gone")
        {
        }

        await OkAsync("/v1/hosts/host-a:writeOff", """{ "reason": "burnt down", "attestedOff": true }""");

        using var again = await HubClient.ConnectAsync(_addresses.Hub, _cluster.IssueHost("host-a"));
        await again.SendAsync(HubClient.Hello("host-a", 2));
        Assert.Equal(HubRefusalCodes.HostWrittenOff, Assert.IsType<HubRefusal>(await again.ReceiveAsync()).Code);
        var host = await GetAsync("/v1/hosts/host-a", ApiJson.Reader.HostResource);
        Assert.Equal(("WrittenOff", "burnt down"), (host.Status.Phase, host.Status.Reason));
    }

    [Theory]
    [InlineData(2, "journal-2", HubRefusalCodes.JournalSuperseded)]
    [InlineData(1, "journal-1", HubRefusalCodes.StartCountBehind)]
    public async Task Another_journal_or_an_older_start_is_not_this_host(long startCount, string journal, string code)
    {
        using var agent = await HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost("host-a"), "host-a", 2);
        using var other = await HubClient.ConnectAsync(_addresses.Hub, _cluster.IssueHost("host-a"));
        await other.SendAsync(HubClient.Hello("host-a", startCount == 2 ? 3 : startCount, journal));

        Assert.Equal(code, Assert.IsType<HubRefusal>(await other.ReceiveAsync()).Code);
    }

    [Fact]
    public async Task An_agent_that_has_seen_more_than_the_store_knows_turns_readiness_red()
    {
        using var agent = await HubClient.ConnectAsync(_addresses.Hub, _cluster.IssueHost("host-a"));
        await agent.SendAsync(HubClient.Hello("host-a", 1, "journal-1", new SubjectMark("vm-vm-9", 40, new Epoch(3))));

        Assert.Equal(HubRefusalCodes.StoreBehind, Assert.IsType<HubRefusal>(await agent.ReceiveAsync()).Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _http.GetAsync("/readyz")).StatusCode);
    }

    [Fact]
    public async Task A_report_of_a_host_without_part_in_the_migration_changes_nothing()
    {
        using var agentA = await AgentAsync("host-a");
        using var agentB = await AgentAsync("host-b");
        using var agentC = await AgentAsync("host-c");
        await RunningAsync(agentA, "vm-1", "host-a");
        var migration = await PostAsync("/v1/migrations", Move("vm-1", "host-b"), ApiJson.Reader.MigrationResource, HttpStatusCode.Accepted);
        var id = MigrationId.Parse(migration.Metadata.Name);

        await agentC.SendAsync(new AgentReport(1, 1, new Rejected(VmId.Parse("vm-1"), id, new Epoch(2), "because I say so", true, false)));
        Assert.Equal(new HubAck(1, 1), await agentC.ReceiveAsync());

        Assert.Null((await GetAsync($"/v1/migrations/{id}", ApiJson.Reader.MigrationResource)).Status.Outcome);
    }

    private async Task StartAsync()
    {
        var options = _cluster.Options();
        _certificates = Certificates.Load(options, TimeProvider.System);
        _app = EdgeApplication.Build(options, _certificates, services => NodeServices.Add(services, options));
        await _app.StartAsync();
        _addresses = ReadyFile.Of(_app);
        _http = new HttpClient { BaseAddress = new Uri(_addresses.Http) };
    }

    private async Task StopAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificates.Dispose();
    }

    private Task<HubClient> AgentAsync(string host) => HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost(host), host);

    private async Task RunningAsync(HubClient agent, string vm, string host)
    {
        await OkAsync("/v1/vms", Register(vm, host), HttpStatusCode.Accepted);
        var order = await OrderAsync<StartVm>(agent);
        await agent.SendAsync(new AgentReport(1, 1, new VmRunning(order.Vm, order.Epoch)));
        while (await agent.ReceiveAsync() is not HubAck)
        {
        }
    }

    // Acknowledgements and repeats of earlier orders are passed over.
    private static async Task<T> OrderAsync<T>(HubClient agent) where T : Order
    {
        while (true)
        {
            var message = await agent.ReceiveAsync();
            Assert.NotNull(message);
            if (message is HubOrder { Order: T order }) return order;
        }
    }

    private static string Move(string vm, string destination) => $$"""{ "vm": "{{vm}}", "destination": "{{destination}}" }""";

    private static string Register(string vm, string host) => $$"""{ "name": "{{vm}}", "host": "{{host}}", "spec": {{Guest}} }""";

    private async Task<T> GetAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(await _http.GetStringAsync(path), type)!;

    private async Task<HttpResponseMessage> SendAsync(string path, string body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await _http.SendAsync(request);
    }

    private async Task OkAsync(string path, string body, HttpStatusCode status = HttpStatusCode.OK, params (string, string)[] headers)
    {
        using var response = await SendAsync(path, body, headers);
        Assert.True(response.StatusCode == status, await response.Content.ReadAsStringAsync());
    }

    private async Task<T> PostAsync<T>(string path, string body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, HttpStatusCode status, params (string, string)[] headers)
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
