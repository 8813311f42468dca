using System.Diagnostics;
using Coordinator.Application.Cluster;
using Coordinator.Server.Hosting;
using Coordinator.Server.Hub;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Coordinator.Server.Node;

/// <summary>What this node says of itself to the others.</summary>
internal sealed class OwnFacts(Certificates certificates, IServiceProvider services)
{
    private readonly DateTimeOffset _started = Process.GetCurrentProcess().StartTime;

    // Hub and server are made from what asks here: found late.
    public NodeFacts Now() => new()
    {
        Version = BuildInfo.Version,
        Contracts = BuildInfo.Contracts.ToString(),
        Http = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(),
        Hosts = services.GetRequiredService<AgentHub>().Count,
        Started = _started,
        CertificateUntil = certificates.Node.NotAfter,
    };
}
