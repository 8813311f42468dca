using System.Diagnostics.Metrics;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Endpoints;
using Coordinator.Server.Hub;
using Coordinator.Server.Metrics;
using Coordinator.Server.OpenApi;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Microsoft.Extensions.Logging.Console;

namespace Coordinator.Server.Hosting;

/// <summary>
/// Everything between the network and the coordinator proper. The coordinator itself is plugged in by <c>addNode</c>, which must
/// register an <see cref="IControlPlane"/>, an <see cref="IClusterPlane"/> and an <see cref="IHubEvents"/>.
/// </summary>
public static class EdgeApplication
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(1.5);

    public static WebApplication Build(CoordinatorOptions options, Certificates certificates, Action<IServiceCollection> addNode, Action<HubMessage>? sent = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        AddLogging(builder.Logging, options);
        builder.WebHost.UseKestrel(kestrel => Listeners.Open(kestrel, options, certificates));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopWithin);
        AddServices(builder.Services, options, certificates, sent);
        addNode(builder.Services);

        var app = builder.Build();
        Use(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, CoordinatorOptions options, Certificates certificates, Action<HubMessage>? sent)
    {
        services.AddRouting();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        services.AddLmOpenApi();
        services.AddSingleton(options);
        services.AddSingleton(certificates);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<StreamWatch>();
        services.AddSingleton<MigrationWatch>();
        // Of this coordinator alone: a process may hold several.
        services.AddSingleton(provider => Exporter(provider.GetRequiredService<IMeterFactory>()));
        services.AddSingleton<EdgeMetrics>();
        services.AddSingleton(new HubOptions(options.Node)
        {
            LateAfter = options.HubLateAfter, GoneAfter = options.HubGoneAfter, HandshakesPerSecond = options.HubHandshakesPerSecond, Sent = sent,
        });
        services.AddSingleton<AgentHub>();
        services.AddSingleton<HubEndpoint>();
    }

    private static PrometheusExporter Exporter(IMeterFactory own) => new(meter => meter.Scope == own && meter.Name.StartsWith("lm.", StringComparison.Ordinal));

    private static void Use(WebApplication app)
    {
        // Made now, so that nothing measured before the first scrape is missed.
        app.Services.GetRequiredService<PrometheusExporter>();
        app.Services.GetRequiredService<EdgeMetrics>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        app.MapWhen(Listeners.IsHub, hub => hub.Run(app.Services.GetRequiredService<HubEndpoint>().InvokeAsync));
        app.UseMiddleware<EdgeGuard>();
        app.UseMiddleware<RequestMetrics>();
        app.UseRouting();
        HealthEndpoints.Map(app);
        MetricsEndpoint.Map(app);
        MigrationEndpoints.Map(app);
        EvacuationEndpoints.Map(app);
        HostEndpoints.Map(app);
        VmEndpoints.Map(app);
        ClusterEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json").ExcludeFromDescription();
    }

    private static void AddLogging(ILoggingBuilder logging, CoordinatorOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // It logs what CoordinatorProgram says better, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        if (options.JsonLogs) logging.AddJsonConsole(json => json.IncludeScopes = true);
        else logging.AddSimpleConsole(simple => (simple.SingleLine, simple.TimestampFormat, simple.ColorBehavior) = (true, "HH:mm:ss.fff ", LoggerColorBehavior.Disabled));
    }
}
