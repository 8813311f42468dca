using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Hub;

/// <summary>
/// What the hub tells the rest of the coordinator. Heartbeats end in the hub; only these become inputs. Called from the links' own
/// tasks, several hosts at once; except for admission nothing may wait.
/// </summary>
public interface IHubEvents
{
    /// <summary>Asks the host's stream whether this agent may speak for the host (journal, start count, written off or not). The hub has already checked the certificate.</summary>
    Task<Admission> AdmitAsync(AgentHello hello, long link, CancellationToken cancellation);

    /// <summary>The agent is admitted and welcomed: from here on <see cref="AgentHub.Send"/> reaches it.</summary>
    void Linked(AgentHello hello, long link);

    /// <summary>A report to be decided on. Acknowledge it with <see cref="AgentHub.Send"/> after the commit; until then the agent repeats it.</summary>
    void ReportArrived(HostId host, AgentReport report);

    /// <summary>Live numbers; may be dropped.</summary>
    void SampleArrived(HostId host, ProgressSample sample);

    /// <summary>No frame for a while; the link still stands.</summary>
    void Late(HostId host, long startCount, long link);

    /// <summary>Frames come again after <see cref="Late"/>.</summary>
    void OnTime(HostId host, long startCount, long link);

    /// <summary>The link is gone. Stale ones (an older link number) are to be ignored.</summary>
    void Disconnected(HostId host, long startCount, long link);

    /// <summary>Two live agents say they are the same host with the same start: both links were closed, a person must look.</summary>
    void DuplicateSeen(HostId host, long startCount);
}
