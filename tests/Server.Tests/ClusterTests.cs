using System.Net;
using System.Text.Json;
using Coordinator.Application.Cluster;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Server.Tests;

/// <summary>The operator's view of the coordinators, at one that has its store for itself, and what the doctor says of more of them.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly TestCluster _cluster = new();
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
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificates.Dispose();
        _cluster.Dispose();
    }

    [Fact]
    public async Task One_node_alone_is_shown_with_all_shards_and_the_host_that_is_linked()
    {
        using var agent = await HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost("host-a"), "host-a");

        var node = Assert.Single((await GetAsync("/v1/cluster/nodes", ApiJson.Reader.ListResourceNodeResource)).Items);
        Assert.Equal(("node-1", "Live", 256, 1, _addresses.Http), (node.Metadata.Name, node.Status.Phase, node.Status.Shards, node.Status.Hosts, node.Status.Address));
        var cluster = await GetAsync("/v1/cluster", ApiJson.Reader.ClusterResource);
        Assert.Equal((1, 0, 256, 0, 1), (cluster.NodesLive, cluster.NodesDead, cluster.Shards, cluster.ShardsWithoutOwner, cluster.Hosts));
        Assert.EndsWith("store.db", cluster.Store?.Place);
    }

    [Fact]
    public async Task Shards_are_listed_page_by_page_with_what_happened_in_them()
    {
        using var agent = await HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost("host-a"), "host-a");
        var first = await GetAsync("/v1/cluster/shards?limit=200", ApiJson.Reader.ListResourceShardResource);
        var rest = await GetAsync($"/v1/cluster/shards?limit=200&cursor={first.Cursor}", ApiJson.Reader.ListResourceShardResource);

        var all = first.Items.Concat(rest.Items).ToList();
        Assert.Equal(Enumerable.Range(0, 256), all.Select(s => s.Shard));
        Assert.All(all, s => Assert.Equal(("node-1", true), (s.Owner, s.OwnerLives)));
        var hosts = all[Shards.Of("host-a", 256)];
        Assert.True(hosts is { Position: >= 1, OpenStreams: 1, Term: >= 1 }, hosts.ToString());
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync("/v1/cluster/shards?cursor=YTpub25l")).StatusCode);
    }

    [Theory]
    [InlineData("node-1", HttpStatusCode.Conflict, "node.last")]
    [InlineData("node-2", HttpStatusCode.NotFound, "node.unknown")]
    [InlineData("Not a name", HttpStatusCode.NotFound, "notFound")]
    public async Task The_last_node_is_not_drained_and_an_unknown_one_is_not_there(string node, HttpStatusCode status, string code)
    {
        using var answer = await _http.PostAsync($"/v1/cluster/nodes/{Uri.EscapeDataString(node)}:drain", null);
        Assert.Equal(code, (await Edge.ProblemAsync(answer, status)).Code);
    }

    [Fact]
    public async Task A_host_without_a_link_fails_its_check_by_name_and_the_answer_as_a_whole()
    {
        using (await HubClient.AdmittedAsync(_addresses.Hub, _cluster.IssueHost("host-a"), "host-a"))
        {
            Assert.True(Check(await GetAsync("/v1/cluster", ApiJson.Reader.ClusterResource), "hosts").Ok);
        }

        ClusterResource cluster;
        do cluster = await GetAsync("/v1/cluster", ApiJson.Reader.ClusterResource);
        while (Check(cluster, "hosts").Ok);

        Assert.Equal("failing", cluster.Status);
        Assert.Equal("without a link: host-a", Check(cluster, "hosts").Detail);
        Assert.NotNull(Check(cluster, "hosts").Remedy);
    }

    [Theory]
    [InlineData("store", "answers in 400.0 ms")]
    [InlineData("schema", "version 1, this program needs 3")]
    [InlineData("nodes", "dead: node-c")]
    [InlineData("shards", "without an owner: 1, 2, 3, 4, 5 and 1 more")]
    [InlineData("clocks", "off from the store's: node-b -30.0 s")]
    [InlineData("versions", "1.0: node-a; 1.1: node-b")]
    [InlineData("certificates", "end soon: node-b 2026-01-02")]
    [InlineData("broker", "no answer")]
    public void Each_thing_that_goes_wrong_is_found_by_its_check_with_a_remedy(string name, string words)
    {
        var doctor = ActivatorUtilities.CreateInstance<ClusterDoctor>(_app.Services, new NewYear(), new IClusterCheck[] { new NoBroker() }.AsEnumerable());
        var store = new StoreRecord("a database", TimeSpan.FromMilliseconds(400), default, 7, (1, 3));
        var good = new NodeFacts { Version = "1.0", CertificateUntil = NewYear.Now.AddYears(1) };
        var seen = NewYear.Now;
        NodeRecord[] nodes =
        [
            new("node-a", true, seen, TimeSpan.FromMilliseconds(3), good, 1, null, 0),
            new("node-b", true, seen, TimeSpan.FromSeconds(-30), good with { Version = "1.1", CertificateUntil = NewYear.Now.AddDays(1) }, 0, null, 0),
            new("node-c", false, seen, null, good with { Version = "0.9", CertificateUntil = NewYear.Now }, 1, null, 0),
        ];
        ShardRecord[] shards = [new(0, "node-a", true, 1, 0, 0), .. Enumerable.Range(1, 6).Select(n => new ShardRecord(n, "node-c", false, 1, 0, 0))];

        var check = doctor.Examine(store, nodes, shards).Single(c => c.Name == name);

        Assert.False(check.Ok);
        Assert.Contains(words, check.Detail);
        Assert.NotEmpty(check.Remedy!);
    }

    [Fact]
    public void A_full_disk_is_the_databases_own_matter_where_there_is_one()
    {
        var options = _cluster.Options() with { Postgres = new PostgresSettings("Host=db", null) };
        var doctor = ActivatorUtilities.CreateInstance<ClusterDoctor>(_app.Services, options, Enumerable.Empty<IClusterCheck>());

        Assert.Equal("the database's own", doctor.Examine(new StoreRecord("", default, default, null, null), [], []).Single(c => c.Name == "disk").Detail);
        Assert.Contains("GiB free", _app.Services.GetRequiredService<ClusterDoctor>().Examine(new StoreRecord("", default, default, null, null), [], []).Single(c => c.Name == "disk").Detail);
    }

    private static ClusterCheck Check(ClusterResource cluster, string name) => cluster.Checks.Single(check => check.Name == name);

    private async Task<T> GetAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(await _http.GetStringAsync(path), type)!;

    private sealed class NoBroker : IClusterCheck
    {
        public ClusterCheck Look() => new("broker", false, "no answer", "start it");
    }

    private sealed class NewYear : TimeProvider
    {
        public static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
