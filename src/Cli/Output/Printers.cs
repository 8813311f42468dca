using Coordinator.Shared.Contracts.Api;

namespace Cli.Output;

/// <summary>How each kind of resource looks in a list.</summary>
internal static class Printers
{
    public static readonly Printer<HostResource> Hosts = new(
        ApiJson.Default.HostResource, host => host.Metadata.Name, ["NAME", "PHASE", "SCHEDULABLE", "VMS", "MEMORY", "CLAIMED", "SAFE-TO-POWER-OFF", "AGE"],
        host =>
        [
            host.Metadata.Name, host.Status.Phase, host.Spec.Schedulable ? "yes" : "no (cordoned)", Words.Of(host.Status.Vms.Count), Words.Of(host.Status.Memory),
            Words.Of(host.Status.MemoryClaimed), host.Status.SafeToPowerOff ? "yes" : "no", Words.Age(host.Metadata.CreatedAt),
        ]);

    public static readonly Printer<VmResource> Vms = new(
        ApiJson.Default.VmResource, vm => vm.Metadata.Name, ["NAME", "PHASE", "HOST", "EPOCH", "DRIVER", "MEMORY", "MIGRATION", "AGE"],
        vm =>
        [
            vm.Metadata.Name, vm.Status.Alert is null ? vm.Status.Phase : vm.Status.Phase + " (alert)", vm.Status.Host ?? "-", Words.Of(vm.Status.Epoch), vm.Spec.Driver,
            vm.Spec.Memory.ToString(), vm.Status.Migration ?? "-", Words.Age(vm.Metadata.CreatedAt),
        ]);

    public static readonly Printer<MigrationResource> Migrations = new(
        ApiJson.Default.MigrationResource, migration => migration.Metadata.Name, ["NAME", "VM", "FROM", "TO", "PHASE", "OUTCOME", "ROUND", "BLACKOUT", "AGE", "VERDICT"],
        migration =>
        [
            migration.Metadata.Name, migration.Spec.Vm, migration.Spec.Source, migration.Spec.Destination, migration.Status.Phase, Outcome(migration.Status),
            Words.Of(migration.Status.Round), Words.Milliseconds(migration.Status.BlackoutMs), Words.Age(migration.Metadata.CreatedAt), migration.Status.Verdict,
        ]);

    public static readonly Printer<EvacuationResource> Evacuations = new(
        ApiJson.Default.EvacuationResource, evacuation => evacuation.Metadata.Name, ["NAME", "HOSTS", "PHASE", "WAVE", "ARRIVED", "MOVING", "WAITING", "FAILED", "BUDGET", "ETA", "AGE", "VERDICT"],
        evacuation =>
        [
            evacuation.Metadata.Name, EvacuationWords.Hosts(evacuation), evacuation.Status.Phase, EvacuationWords.Wave(evacuation.Status),
            $"{evacuation.Status.Counts.Arrived} of {evacuation.Status.Counts.Guests}", Words.Of(evacuation.Status.Counts.Moving), Words.Of(evacuation.Status.Counts.Waiting),
            Words.Of(evacuation.Status.Counts.Failed), EvacuationWords.Budget(evacuation.Status), EvacuationWords.Eta(evacuation.Status), Words.Age(evacuation.Metadata.CreatedAt), evacuation.Status.Verdict,
        ]);

    public static readonly Printer<EventResource> Events = new(
        ApiJson.Default.EventResource, happened => happened.Id, ["VERSION", "TIME", "EVENT", "ACTOR", "CAUSE", "DATA"],
        happened =>
        [
            Words.Of(happened.Version), Words.Time(happened.At), happened.Type, happened.Actor, Words.Cause(happened), EventWords.Summary(happened),
        ]);

    public static readonly Printer<ClusterResource> Cluster = new(
        ApiJson.Default.ClusterResource, cluster => cluster.Status, ["STATUS", "NODES", "DRAINING", "DEAD", "SHARDS", "WITHOUT-OWNER", "HOSTS", "STORE", "ROUND-TRIP", "EVENTS"],
        cluster =>
        [
            cluster.Status, Words.Of(cluster.NodesLive), Words.Of(cluster.NodesDraining), Words.Of(cluster.NodesDead), Words.Of(cluster.Shards), Words.Of(cluster.ShardsWithoutOwner),
            Words.Of(cluster.Hosts), cluster.Store?.Place ?? "away", Words.Milliseconds(cluster.Store?.RoundTripMs), cluster.Store?.Position is { } position ? Words.Of(position) : "-",
        ]);

    public static readonly Printer<NodeResource> Nodes = new(
        ApiJson.Default.NodeResource, node => node.Metadata.Name, ["NAME", "STATE", "SHARDS", "HOSTS", "VERSION", "SEEN", "ADDRESS", "REASON"],
        node =>
        [
            node.Metadata.Name, node.Status.Phase, Words.Of(node.Status.Shards), Words.Of(node.Status.Hosts), node.Status.Version ?? "-", Words.Age(node.Status.SeenAt),
            node.Status.Address ?? "-", string.Join("; ", new[] { node.Status.Reason, node.Spec.DrainReason }.Where(words => !string.IsNullOrEmpty(words))),
        ]);

    public static readonly Printer<ShardResource> Shards = new(
        ApiJson.Default.ShardResource, shard => Words.Of(shard.Shard), ["SHARD", "OWNER", "TERM", "POSITION", "OPEN"],
        shard => [Words.Of(shard.Shard), shard.Owner is null ? "-" : shard.OwnerLives ? shard.Owner : shard.Owner + " (dead)", Words.Of(shard.Term), Words.Of(shard.Position), Words.Of(shard.OpenStreams)]);

    public static readonly Printer<ClusterCheck> Checks = new(
        ApiJson.Default.ClusterCheck, check => check.Name, ["CHECK", "STATE", "FOUND", "REMEDY"],
        check => [check.Name, check.Ok ? "ok" : "FAILS", check.Detail, check.Remedy ?? ""]);

    public static string Outcome(MigrationStatus status) => status switch
    {
        { Outcome: null } => "-",
        { Quality: { } quality } => $"{status.Outcome} ({quality})",
        { Code: { } code } => $"{status.Outcome} ({code})",
        _ => status.Outcome,
    };
}
