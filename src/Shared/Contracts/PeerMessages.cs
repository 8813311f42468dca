using System.Text.Json.Serialization;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts;

/// <summary>
/// What crosses the link between two agents (TLS 1.3, both certificates checked against the token's hosts). The first line of a
/// connection is a <see cref="PeerHello"/>; a control link then carries one JSON object a line, a memory link the engine's frames.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "message")]
[JsonDerivedType(typeof(PeerHello), nameof(PeerHello))]
[JsonDerivedType(typeof(PeerCommit), nameof(PeerCommit))]
[JsonDerivedType(typeof(PeerRefuse), nameof(PeerRefuse))]
[JsonDerivedType(typeof(PeerOwned), nameof(PeerOwned))]
[JsonDerivedType(typeof(PeerRefused), nameof(PeerRefused))]
public abstract record PeerMessage(VmId Vm, MigrationId Migration, Epoch Epoch);

/// <summary>First line of a connection.</summary>
/// <param name="Purpose"><c>control</c> or <c>memory</c>.</param>
/// <param name="Stream">Index of the memory stream, from 0.</param>
/// <param name="Streams">Number of memory streams.</param>
/// <param name="Link">Grows when a broken transfer is taken up again; streams of a lower link are dropped.</param>
public sealed record PeerHello(VmId Vm, MigrationId Migration, Epoch Epoch, string Purpose, int Stream, int Streams, long Link)
    : PeerMessage(Vm, Migration, Epoch);

/// <summary>COMMIT(token, digest): leaves only after the source's hypervisor said completed.</summary>
/// <param name="PausedAt">When the vCPUs stopped, on the source's clock: for the blackout figure only, decides nothing.</param>
public sealed record PeerCommit(VmId Vm, MigrationId Migration, Epoch Epoch, SignedToken Grant, string Digest, DateTimeOffset PausedAt)
    : PeerMessage(Vm, Migration, Epoch);

/// <summary>The source asks the destination to refuse; its durable word decides.</summary>
public sealed record PeerRefuse(VmId Vm, MigrationId Migration, Epoch Epoch) : PeerMessage(Vm, Migration, Epoch);

public sealed record PeerOwned(VmId Vm, MigrationId Migration, Epoch Epoch) : PeerMessage(Vm, Migration, Epoch);

public sealed record PeerRefused(VmId Vm, MigrationId Migration, Epoch Epoch) : PeerMessage(Vm, Migration, Epoch);
