using System.Net;
using System.Text;
using System.Text.Json;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Hub;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Contracts.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Server.Tests;

/// <summary>The real edge on real sockets (loopback, free ports), with a coordinator made of memory behind it.</summary>
internal sealed class Edge : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly Certificates _certificates;
    private readonly WebApplication _app;

    private Edge(TestCluster cluster, Certificates certificates, WebApplication app, MemoryPlane plane, RecordedHubEvents hubEvents)
    {
        _cluster = cluster;
        _certificates = certificates;
        _app = app;
        Plane = plane;
        HubEvents = hubEvents;
        Evacuations = (MemoryEvacuations)app.Services.GetRequiredService<IEvacuationPlane>();
        Addresses = ReadyFile.Of(app);
        Http = new HttpClient { BaseAddress = new Uri(Addresses.Http) };
    }

    public MemoryPlane Plane { get; }

    public MemoryEvacuations Evacuations { get; }

    public RecordedHubEvents HubEvents { get; }

    public ReadyFile Addresses { get; }

    public HttpClient Http { get; }

    public TestCluster Cluster => _cluster;

    public ChangeFeed Changes => _app.Services.GetRequiredService<ChangeFeed>();

    public AgentHub Hub => _app.Services.GetRequiredService<AgentHub>();

    public static async Task<Edge> StartAsync(Func<CoordinatorOptions, CoordinatorOptions>? change = null, Func<HubOptions, HubOptions>? changeHub = null)
    {
        var cluster = new TestCluster();
        var options = cluster.Options();
        options = change?.Invoke(options) ?? options;
        var certificates = Certificates.Load(options, TimeProvider.System);
        var plane = new MemoryPlane();
        var hubEvents = new RecordedHubEvents();
        var app = EdgeApplication.Build(options, certificates, services =>
        {
            services.AddSingleton<IControlPlane>(plane);
            services.AddSingleton<IClusterPlane>(plane);
            services.AddSingleton<IEvacuationPlane>(new MemoryEvacuations(plane));
            services.AddSingleton<IHubEvents>(hubEvents);
            if (changeHub is not null) services.AddSingleton(changeHub(new HubOptions(options.Node)));
        });
        await app.StartAsync();
        return new Edge(cluster, certificates, app, plane, hubEvents);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), headers);

    public async Task<HttpResponseMessage> PostAsync(string path, HttpContent body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request);
    }

    /// <summary>The problem in an answer that must be one.</summary>
    public static async Task<ProblemBody> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize(text, ApiJson.Default.ProblemBody)!;
        Assert.Equal("urn:lm:problem:" + problem.Code, problem.Type);
        Assert.NotEmpty(problem.Detail);
        Assert.NotNull(problem.RequestId);
        return problem;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _certificates.Dispose();
        _cluster.Dispose();
    }
}
