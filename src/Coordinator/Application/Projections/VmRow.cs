using Coordinator.Domain.Vms;

namespace Coordinator.Application.Projections;

/// <summary>One VM as people read it.</summary>
public sealed record VmRow(Vm State, int Version, DateTimeOffset CreatedAt);
