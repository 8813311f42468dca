using System.CommandLine;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Verbs;

/// <summary><c>lm cluster …</c></summary>
internal static class ClusterVerbs
{
    public static Command Build()
    {
        var cluster = new Command("cluster", "The coordinators themselves.");
        cluster.Subcommands.Add(Status());
        cluster.Subcommands.Add(Nodes());
        cluster.Subcommands.Add(Shards());
        cluster.Subcommands.Add(Wish("drain-node", "drain", "Decide for no shard any more; the coordinator goes on answering."));
        cluster.Subcommands.Add(Wish("undrain-node", "undrain", "Take shards again."));
        cluster.Subcommands.Add(Doctor());
        return cluster;
    }

    private static Command Status() => Common.Verb("status", "All coordinators and their store in one line.", [], async (_, session, cancellation) =>
    {
        Printers.Cluster.One(session.Format, await ReadAsync(session, cancellation));
        return ExitCodes.Done;
    });

    private static Command Nodes() => Common.Verb("nodes", "List coordinators.", [], async (_, session, cancellation) =>
    {
        await Printers.Nodes.ListAsync(session.Format, session.Api.ListAsync("/v1/cluster/nodes", ApiJson.Reader.ListResourceNodeResource, cancellation));
        return ExitCodes.Done;
    });

    private static Command Shards() => Common.Verb("shards", "List shards and who decides for them.", [], async (_, session, cancellation) =>
    {
        await Printers.Shards.ListAsync(session.Format, session.Api.ListAsync("/v1/cluster/shards", ApiJson.Reader.ListResourceShardResource, cancellation));
        return ExitCodes.Done;
    });

    private static Command Wish(string verb, string action, string description)
    {
        var name = Common.Name("node");
        var reason = Common.Reason();
        return Common.Verb(verb, description, [name, reason], async (parsed, session, cancellation) =>
        {
            var node = await session.Api.PostAsync(
                $"/v1/cluster/nodes/{Common.Escape(parsed.GetRequiredValue(name))}:{action}", new ActionRequest(parsed.GetValue(reason)), ApiJson.Default.ActionRequest, ApiJson.Reader.NodeResource, cancellation);
            Printers.Nodes.One(session.Format, node);
            return ExitCodes.Done;
        });
    }

    private static Command Doctor() => Common.Verb("doctor", "Look at what commonly goes wrong. Exit code 1 if something does.", [], async (_, session, cancellation) =>
    {
        var cluster = await ReadAsync(session, cancellation);
        await Printers.Checks.ListAsync(session.Format, cluster.Checks.ToAsyncEnumerable());
        return cluster.Status == "ok" ? ExitCodes.Done : ExitCodes.Failed;
    });

    private static Task<ClusterResource> ReadAsync(Session session, CancellationToken cancellation) => session.Api.GetAsync("/v1/cluster", ApiJson.Reader.ClusterResource, cancellation);
}
