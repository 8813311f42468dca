using System.Globalization;
using Coordinator.Application.Cluster;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node.Views;

/// <summary>A coordinator as the API shows it.</summary>
internal static class NodeView
{
    public static NodeResource Of(NodeRecord node)
    {
        var (phase, reason) = Phase(node);
        var status = new NodeStatus(phase, reason, node.Shards, node.Lives ? node.Facts.Hosts : 0)
        {
            Version = node.Facts.Version,
            Contracts = ContractVersion.Of(node.Facts.Contracts).ToString(),
            Address = node.Facts.Http,
            SeenAt = node.Seen,
            ClockAheadMs = node.ClockAhead?.TotalMilliseconds,
            CertificateUntil = node.Facts.CertificateUntil,
            Actions = node.Drain is null ? ["drain"] : ["undrain"],
        };
        var spec = new NodeSpec(node.Drain is not null, node.Drain?.Actor, node.Drain?.At, node.Drain?.Reason);
        return new NodeResource(NodeResource.KindName, new Metadata(node.Name, node.Wishes.ToString(CultureInfo.InvariantCulture), node.Wishes, node.Facts.Started ?? node.Seen), spec, status);
    }

    public static ShardResource Of(ShardRecord shard) =>
        new(ShardResource.KindName, shard.Shard, shard.Owner.Length == 0 ? null : shard.Owner, shard.OwnerLives, shard.Term, shard.Position, shard.OpenStreams);

    private static (string Phase, string Reason) Phase(NodeRecord node) => node switch
    {
        { Lives: false } => ("Dead", string.Create(CultureInfo.InvariantCulture, $"silent since {node.Seen:u}")),
        { Drain: null } => ("Live", ""),
        { Shards: 0 } => ("Draining", "decides for nothing any more: it can be stopped"),
        _ => ("Draining", $"gives up {node.Shards} shards"),
    };
}
