using System.Diagnostics.Metrics;
using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Domain.Hosts;
using Coordinator.Server.Metrics;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Microsoft.Extensions.Logging.Abstractions;

namespace Server.Tests;

/// <summary>What a node measures of its place among others.</summary>
public sealed class ClusterMetricsTests : IDisposable
{
    private const int Count = 8;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("lm-cluster-metrics-");
    private readonly Meter _meter = new("test");

    public void Dispose()
    {
        _meter.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Takeovers_and_an_append_that_was_refused_are_counted()
    {
        using var store = Open();
        using var bus = new InProcessBus();
        using var node = new CoordinatorNode(
            new NodeOptions { Machine = new MachineOptions { Node = "node-1", ShardCount = Count, CodeVersion = "test" }, Shared = true }, store, bus, NullLogger.Instance);
        using var exporter = new PrometheusExporter(meter => meter == _meter);
        using var metrics = new ClusterMetrics(node, bus, null, null, _meter);
        metrics.Begin();
        node.Start();
        await node.TakeAsync([.. Enumerable.Range(0, Count)]);
        using (var other = Open()) other.TakeOver([.. Enumerable.Range(0, Count)], "node-2");

        var answer = await node.Submit(
            new AdmitHost(new Admit(HostId.Parse("host-a"), "journal", 1, "boot", new HostFacts(new ByteCount(1), 1, "127.0.0.1", 1, [], []))),
            new CommandContext("host/host-a", "hub", null, null, null, null, null, null));

        Assert.Equal("shard.notOwned", answer.Refusal?.Code);
        var text = exporter.Render();
        Assert.Contains("\nlm_shard_takeovers_total 8\n", text);
        Assert.Contains("\nlm_shard_rebalance_seconds_count 1\n", text);
        Assert.Contains("\nlm_appends_fenced_total 1\n", text);
        Assert.Contains("\nlm_appends_unknown_total 0\n", text);
        Assert.Contains("\nlm_store_usable 1\n", text);
        Assert.Contains("\nlm_bus_outbox_messages 0\n", text);
        Assert.DoesNotContain("lm_nodes", text);
    }

    private SqliteStore Open() => new(new SqliteStoreOptions { Path = Path.Combine(_directory.FullName, "store.db"), ShardCount = Count });
}
