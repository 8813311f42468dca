using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary>A coordinator without decisions: keeps what it is given, so that the edge in front of it can be tested alone.</summary>
internal sealed class MemoryPlane : IControlPlane, IClusterPlane
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MigrationResource> _migrations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<EventResource>> _events = [];
    private int _count;

    public ConcurrentQueue<Call> Calls { get; } = new();

    public List<HealthCheck> Health { get; } = [new("store", true, "open")];

    public MigrationResource Add(string vm = "vm-1", string destination = "host-b")
    {
        lock (_gate)
        {
            var id = MigrationId.Create(1, Noon, ++_count);
            var resource = new MigrationResource(
                MigrationResource.KindName, new Metadata(id.Value, "0", 1, Noon), new MigrationSpec(vm, "host-a", destination, MigrationPolicy.Default), new MigrationStatus("Prechecking", "asking both hosts", 2));
            _migrations[id.Value] = resource;
            _events[id.StreamKey] = [];
            Append(id, "requested");
            return _migrations[id.Value];
        }
    }

    public void Append(MigrationId id, string type, Func<MigrationStatus, MigrationStatus>? change = null)
    {
        lock (_gate)
        {
            var version = AppendEvent(id.StreamKey, type);
            var old = _migrations[id.Value];
            _migrations[id.Value] = old with
            {
                Metadata = old.Metadata with { Etag = version.ToString(CultureInfo.InvariantCulture) }, Status = change?.Invoke(old.Status) ?? old.Status,
            };
        }
    }

    /// <returns>Its version.</returns>
    public int AppendEvent(string stream, string type)
    {
        lock (_gate)
        {
            if (!_events.TryGetValue(stream, out var list)) _events[stream] = list = [];
            var version = list.Count + 1;
            list.Add(new EventResource(
                $"{stream}@{version}", stream, version, Noon.AddSeconds(version), type, "local:0", "api", null, new EventCause("Command", "r"), 1, JsonDocument.Parse("{}").RootElement));
            return version;
        }
    }

    public Task<Answer<MigrationResource>> CreateMigrationAsync(CreateMigration body, Call call)
    {
        Calls.Enqueue(call);
        return Task.FromResult(new Answer<MigrationResource>(Add(body.Vm.Value, body.Destination.Value)));
    }

    public Task<MigrationPlan> PlanMigrationAsync(CreateMigration body, Call call) =>
        Task.FromResult(new MigrationPlan(new MigrationSpec(body.Vm.Value, "host-a", body.Destination.Value, MigrationPolicy.Default), true, []));

    public Task<Answer<MigrationResource>> CancelMigrationAsync(MigrationId id, ActionRequest body, Call call)
    {
        Calls.Enqueue(call);
        return Task.FromResult(new Answer<MigrationResource>(Migration(id) ?? throw new RefusedException(ApiProblems.NotFound("migration", id.Value)), Pending: true));
    }

    public Task<Answer<MigrationResource>> ForceSwitchoverAsync(MigrationId id, ActionRequest body, Call call) => CancelMigrationAsync(id, body, call);

    public Task<Answer<MigrationResource>> ResolveMigrationAsync(MigrationId id, ResolveMigration body, Call call) => CancelMigrationAsync(id, new ActionRequest(body.Reason), call);

    public Task<Answer<VmResource>> RegisterVmAsync(RegisterVm body, Call call) => VmAsync(body.Name.Value, body.Spec, body.Host.Value, call);

    public Task<Answer<VmResource>> AdoptVmAsync(AdoptVmRequest body, Call call) => VmAsync(body.Name.Value, body.Spec, body.Host.Value, call);

    public Task<Answer<VmResource>> StartVmAsync(VmId id, StartVmRequest body, Call call) => throw new RefusedException(ApiProblems.NotFound("vm", id.Value));

    public Task<Answer<VmResource>> StopVmAsync(VmId id, ActionRequest body, Call call) => throw new RefusedException(ApiProblems.NotFound("vm", id.Value));

    public Task<Answer<HostResource>> CordonAsync(HostId id, ActionRequest body, Call call) => HostAsync(id, call);

    public Task<Answer<HostResource>> UncordonAsync(HostId id, ActionRequest body, Call call) => HostAsync(id, call);

    public Task<Answer<HostResource>> EnrolAsync(EnrolHost body, Call call) => HostAsync(body.Name, call);

    public Task<Answer<HostResource>> RetireAsync(HostId id, ActionRequest body, Call call) => HostAsync(id, call);

    public Task<Answer<HostResource>> WriteOffAsync(HostId id, WriteOffHost body, Call call) => HostAsync(id, call);

    public MigrationResource? Migration(MigrationId id)
    {
        lock (_gate) return _migrations.GetValueOrDefault(id.Value);
    }

    public HostResource? Host(HostId id) => null;

    public VmResource? Vm(VmId id) => null;

    public IReadOnlyList<MigrationResource> Migrations(MigrationFilter filter, string? after, int limit)
    {
        lock (_gate)
        {
            return [.. _migrations.Values.Reverse().Where(m => after is null || string.CompareOrdinal(m.Metadata.Name, after) < 0)
                .Where(m => filter.Vm is null || m.Spec.Vm == filter.Vm).Take(limit)];
        }
    }

    public IReadOnlyList<HostResource> Hosts(string? after, int limit) => [];

    public IReadOnlyList<VmResource> Vms(string? host, string? after, int limit) => [];

    public IReadOnlyList<EventResource>? Events(string streamKey, int after, int limit)
    {
        lock (_gate) return _events.TryGetValue(streamKey, out var list) ? [.. list.Where(e => e.Version > after).Take(limit)] : null;
    }

    public IReadOnlyList<HealthCheck> Readiness() => Health;

    public List<ClusterCheck> Checks { get; } = [new("store", true, "answers in 0.1 ms")];

    public ClusterResource Cluster() => new(ClusterResource.KindName, Checks.All(check => check.Ok) ? "ok" : "failing", "node-1")
    {
        NodesLive = 1, Shards = 8, Store = new StoreStatus("memory", 0.1, null, null), Checks = Checks,
    };

    public IReadOnlyList<NodeResource> Nodes() => [Node("node-1", false, null), Node("node-2", true, "new kernel")];

    public IReadOnlyList<ShardResource> Shards(int after, int limit) =>
        [.. Enumerable.Range(after + 1, 7 - after).Select(n => new ShardResource(ShardResource.KindName, n, n == 7 ? null : "node-1", n != 7, 1, 0, 0)).Take(limit)];

    public NodeResource Wish(string node, bool drained, string? reason, Call call)
    {
        Calls.Enqueue(call);
        return Node(node, drained, reason);
    }

    private static NodeResource Node(string name, bool drained, string? reason) => new(
        NodeResource.KindName, new Metadata(name, "0", 0, Noon), new NodeSpec(drained, drained ? "local:0" : null, null, reason), new NodeStatus(drained ? "Draining" : "Live", "", drained ? 0 : 8, 1));

    private Task<Answer<VmResource>> VmAsync(string name, GuestSpec spec, string host, Call call)
    {
        Calls.Enqueue(call);
        return Task.FromResult(new Answer<VmResource>(new VmResource(VmResource.KindName, new Metadata(name, "1", 1, Noon), spec, new VmStatus("Starting", "", host, 1))));
    }

    private Task<Answer<HostResource>> HostAsync(HostId id, Call call)
    {
        Calls.Enqueue(call);
        return Task.FromResult(new Answer<HostResource>(new HostResource(HostResource.KindName, new Metadata(id.Value, "1", 1, Noon), new HostSpec(false, null), new HostStatus("Ready", ""))));
    }
}
