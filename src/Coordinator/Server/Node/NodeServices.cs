using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Adapters.RabbitMq;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Application.Store;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Hub;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Node;

/// <summary>Puts a coordinator together from its store, bus, machine and projection, and plugs it into the edge.</summary>
public static class NodeServices
{
    /// <param name="failpoints">Where a test lets the process die; null outside tests.</param>
    public static void Add(IServiceCollection services, CoordinatorOptions options, CoordinatorFailpoints? failpoints = null)
    {
        var machine = new MachineOptions { Node = options.Node, ShardCount = options.Shards, CodeVersion = BuildInfo.Version };
        services.AddSingleton<IEventStore>(_ => OpenStore(options));
        services.AddSingleton<IBus>(provider => OpenBus(provider, options));
        services.AddSingleton(provider => new CoordinatorNode(
            new NodeOptions { Machine = machine, Failpoints = failpoints, Shared = options.Shared },
            provider.GetRequiredService<IEventStore>(), provider.GetRequiredService<IBus>(), provider.GetRequiredService<ILogger<CoordinatorNode>>()));
        services.AddSingleton(provider => new FleetProjection(provider.GetRequiredService<IEventStore>(), BuildInfo.Version));
        services.AddSingleton(provider => new CommandRouter(
            provider.GetRequiredService<CoordinatorNode>(), provider.GetRequiredService<IBus>(), machine, options.Shared, provider.GetRequiredService<FleetProjection>().ReadOn));
        services.AddSingleton<OwnFacts>();
        if (options.Shared) AddCluster(services, options);
        else services.AddSingleton<IClusterDirectory>(provider => Alone(provider, options));
        services.AddSingleton<ClusterDoctor>();
        services.AddSingleton<IClusterPlane, ClusterPlane>();
        services.AddSingleton<HostLinks>();
        services.AddSingleton<LiveSamples>();
        services.AddSingleton<StoreRegression>();
        services.AddSingleton<Restores>();
        services.AddSingleton(provider => new OrderSigner(() => provider.GetRequiredService<Certificates>().Node));
        services.AddSingleton<NodeMetrics>();
        services.AddSingleton(provider => new ClusterMetrics(
            provider.GetRequiredService<CoordinatorNode>(), provider.GetRequiredService<IBus>(), provider.GetService<PlacementLoop>(), provider.GetService<FeedFollower>(),
            provider.GetRequiredService<IMeterFactory>().Create("lm.cluster")));
        services.AddSingleton<FleetViews>();
        services.AddSingleton<MigrationPlanner>();
        services.AddSingleton<CallCommands>();
        services.AddSingleton<IControlPlane, NodeControlPlane>();
        services.AddSingleton<FleetInstance>();
        services.AddSingleton<EvacuationViews>();
        services.AddSingleton<EvacuationMetrics>();
        services.AddSingleton<IEvacuationPlane, EvacuationPlane>();
        services.AddSingleton<IHubEvents, HubBridge>();
        services.AddHostedService<NodeHost>();
    }

    private static void AddCluster(IServiceCollection services, CoordinatorOptions options)
    {
        services.AddSingleton<IClusterMembership>(provider => new PostgresMembership(Database(options), options.Node, links: options.RabbitMq is null ? null : provider.GetRequiredService<HostLinks>().Here));
        if (options.RabbitMq is not null) services.AddSingleton<IClusterCheck, BrokerCheck>();
        services.AddSingleton(provider => new PlacementLoop(
            provider.GetRequiredService<CoordinatorNode>(), provider.GetRequiredService<IClusterMembership>(), options.Node, provider.GetRequiredService<OwnFacts>().Now,
            provider.GetRequiredService<HostLinks>().Elsewhere, provider.GetRequiredService<ILogger<PlacementLoop>>()));
        services.AddSingleton<FeedFollower>();
        services.AddSingleton<IClusterDirectory>(_ => new PostgresDirectory(Database(options)));
    }

    private static LoneDirectory Alone(IServiceProvider provider, CoordinatorOptions options) => new(
        provider.GetRequiredService<CoordinatorNode>(), provider.GetRequiredService<IEventStore>(), options.Node,
        options.Postgres is null ? options.SqlitePath : "PostgreSQL, for this coordinator alone", provider.GetRequiredService<OwnFacts>().Now, provider.GetRequiredService<TimeProvider>());

    private static PostgresStoreOptions Database(CoordinatorOptions options) =>
        new() { ConnectionString = options.Postgres!.Connection, Password = options.Postgres.Password, ShardCount = options.Shards, Contracts = BuildInfo.Contracts };

    private static IBus OpenBus(IServiceProvider provider, CoordinatorOptions options)
    {
        var local = new InProcessBus(onFailure: (message, e) => BusFailed(provider, message, e));
        if (!options.Shared) return local;
        if (options.RabbitMq is { } settings) return OpenBroker(provider, settings, options.Node, local);
        var log = provider.GetRequiredService<ILogger<PostgresBus>>();
        return new PostgresBus(Database(options), options.Node, local, onTrouble: detail => log.LogWarning("messages between nodes are lost: {Detail}", detail));
    }

    private static RabbitMqBus OpenBroker(IServiceProvider provider, RabbitMqSettings settings, string node, IBus local)
    {
        var certificate = provider.GetRequiredService<Certificates>().Node;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(settings.CaBundle);
        var broker = new RabbitMqOptions
        {
            Endpoints = settings.Endpoints,
            User = settings.User ?? PeerIdentity.OfCoordinator(node).ToString(),
            Password = settings.Password,
            Certificate = certificate,
            Authorities = roots,
        };
        RabbitMqBus.Check(broker, node);
        var log = provider.GetRequiredService<ILogger<RabbitMqBus>>();
        return new RabbitMqBus(broker, node, local, onTrouble: detail => log.LogWarning("messages between nodes wait or are lost: {Detail}", detail));
    }

    private static IEventStore OpenStore(CoordinatorOptions options)
    {
        if (options.Postgres is not null) return new PostgresStore(Database(options));
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
