namespace Coordinator.Shared.Contracts;

/// <summary>Where a destination listens: its agent's peer link, and the hypervisor's own port if the driver moves memory by itself.</summary>
/// <param name="Address">IP address of the migration network.</param>
/// <param name="PeerPort">TCP port of the agent's peer link.</param>
/// <param name="HypervisorPort">TCP port of the hypervisor (QEMU); null when memory travels over the peer link.</param>
public sealed record TransferEndpoint(string Address, int PeerPort, int? HypervisorPort);
