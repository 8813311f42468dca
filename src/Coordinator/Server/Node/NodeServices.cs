using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Application.Store;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Hub;

namespace Coordinator.Server.Node;

/// <summary>Puts a coordinator together from its store, bus, machine and projection, and plugs it into the edge.</summary>
public static class NodeServices
{
    /// <param name="failpoints">Where a test lets the process die; null outside tests.</param>
    public static void Add(IServiceCollection services, CoordinatorOptions options, CoordinatorFailpoints? failpoints = null)
    {
        services.AddSingleton<IEventStore>(_ => OpenStore(options));
        services.AddSingleton<IBus>(provider => new InProcessBus(onFailure: (message, e) => BusFailed(provider, message, e)));
        services.AddSingleton(provider => new CoordinatorNode(
            new NodeOptions { Machine = new MachineOptions { Node = options.Node, ShardCount = options.Shards, CodeVersion = BuildInfo.Version }, Failpoints = failpoints },
            provider.GetRequiredService<IEventStore>(), provider.GetRequiredService<IBus>(), provider.GetRequiredService<ILogger<CoordinatorNode>>()));
        services.AddSingleton(provider => new FleetProjection(provider.GetRequiredService<IEventStore>(), BuildInfo.Version));
        services.AddSingleton<HostLinks>();
        services.AddSingleton<LiveSamples>();
        services.AddSingleton<StoreRegression>();
        services.AddSingleton(provider => new OrderSigner(provider.GetRequiredService<Certificates>().Node));
        services.AddSingleton<NodeMetrics>();
        services.AddSingleton<FleetViews>();
        services.AddSingleton<MigrationPlanner>();
        services.AddSingleton<IControlPlane, NodeControlPlane>();
        services.AddSingleton<IHubEvents, HubBridge>();
        services.AddHostedService<NodeHost>();
    }

    private static IEventStore OpenStore(CoordinatorOptions options)
    {
        if (options.Postgres is { } postgres)
            return new PostgresStore(new PostgresStoreOptions { ConnectionString = postgres.Connection, Password = postgres.Password, ShardCount = options.Shards });
        try
        {
            return new SqliteStore(new SqliteStoreOptions { Path = options.SqlitePath, ShardCount = options.Shards });
        }
        catch (StoreUnavailableException e)
        {
            throw new ConfigurationProblemException($"{ConfigKeys.SqlitePath.Path} = '{options.SqlitePath}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static void BusFailed(IServiceProvider provider, BusMessage message, Exception e) =>
        provider.GetRequiredService<ILogger<CoordinatorNode>>().LogError(e, "a handler of {Address} threw; the message is lost and will be sent again", message.Address);
}
