using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Domain.Hosts;
using Coordinator.Server.Hub;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>Ends the link of a host that was retired, at whatever node it stands: the next one is refused.</summary>
internal sealed class RetiredHosts(AgentHub hub) : ICommitListener
{
    public void Committed(CommittedEvent happened) => Happened(happened.Stream, happened.Body);

    /// <summary>Also for what other nodes committed.</summary>
    public void Happened(string stream, object body)
    {
        if (body is HostRetired && HostId.TryParse(stream["host-".Length..], out var host)) hub.Close(host, HubRefusalCodes.HostRetired);
    }
}
