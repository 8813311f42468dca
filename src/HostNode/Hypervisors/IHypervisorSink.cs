namespace HostNode.Hypervisors;

/// <summary>Where a driver reports to. May be called from any thread; returns at once.</summary>
public interface IHypervisorSink
{
    void Post(HypervisorEvent happened);
}
