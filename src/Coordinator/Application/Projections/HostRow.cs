using Coordinator.Domain.Hosts;

namespace Coordinator.Application.Projections;

/// <summary>One host as people read it. Whether its link stands is the hub's to say.</summary>
public sealed record HostRow(HostState State, int Version, DateTimeOffset CreatedAt);
