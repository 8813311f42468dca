using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>A host of an instance. As a destination it keeps 20 % of its memory and 10 % of its CPU free.</summary>
/// <param name="Cpus">Cores.</param>
/// <param name="Link">Of its migration network.</param>
/// <param name="Rack">Null = in no rack: between it and any rack only the core is shared.</param>
/// <param name="Labels">What guests may require.</param>
/// <param name="Cordoned">Takes no new guests.</param>
public sealed record PlanHost(string Name, ByteCount Memory, double Cpus, PlanLink Link, string? Rack = null, IReadOnlyList<string>? Labels = null, bool Cordoned = false);

/// <summary>A rack: what its hosts share towards the others.</summary>
/// <param name="Link">Its uplink; out = leaving the rack.</param>
public sealed record PlanRack(string Name, PlanLink Link);

/// <summary>A full-duplex link, and what others use of it now.</summary>
/// <param name="Capacity">Bytes per second, each direction.</param>
public sealed record PlanLink(ByteRate Capacity, ByteRate UsedOut = default, ByteRate UsedIn = default);
