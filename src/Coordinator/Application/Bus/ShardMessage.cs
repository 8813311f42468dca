using System.Text.Json.Serialization;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Application.Bus;

/// <summary>What travels on the bus. Closed family; JSON when it leaves the process.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(HostReported), nameof(HostReported))]
[JsonDerivedType(typeof(OrderForHost), nameof(OrderForHost))]
[JsonDerivedType(typeof(AckForHost), nameof(AckForHost))]
[JsonDerivedType(typeof(ClaimAsked), nameof(ClaimAsked))]
[JsonDerivedType(typeof(ClaimAnswered), nameof(ClaimAnswered))]
[JsonDerivedType(typeof(ClaimReleased), nameof(ClaimReleased))]
[JsonDerivedType(typeof(ClaimReleaseAnswered), nameof(ClaimReleaseAnswered))]
[JsonDerivedType(typeof(HostChanged), nameof(HostChanged))]
[JsonDerivedType(typeof(HostStatusAsked), nameof(HostStatusAsked))]
[JsonDerivedType(typeof(HostLinkStands), nameof(HostLinkStands))]
[JsonDerivedType(typeof(CommandForwarded), nameof(CommandForwarded))]
[JsonDerivedType(typeof(CommandAnswered), nameof(CommandAnswered))]
[JsonDerivedType(typeof(CommandAsked), nameof(CommandAsked))]
[JsonDerivedType(typeof(CommandDecided), nameof(CommandDecided))]
[JsonDerivedType(typeof(GuestAsked), nameof(GuestAsked))]
[JsonDerivedType(typeof(GuestSeen), nameof(GuestSeen))]
public abstract record ShardMessage;

/// <summary>A report from an agent, to the shard of its subject. Acknowledged after the commit.</summary>
public sealed record HostReported(HostId Host, long StartCount, long N, Report Report) : ShardMessage;

/// <summary>An order for a host, to the node that holds its link.</summary>
public sealed record OrderForHost(HostId Host, Order Order) : ShardMessage;

/// <summary>The report is committed.</summary>
public sealed record AckForHost(HostId Host, long StartCount, long N) : ShardMessage;

/// <summary>
/// The claim protocol between shards (design: rule 2). Asked until answered; the answer is idempotent by claim id and repeated for ever.
/// </summary>
/// <param name="Stream">Owner of what is claimed: <c>host-…</c> (capacity) or <c>permits-…</c>.</param>
/// <param name="Claim">Names the claim for ever.</param>
/// <param name="ReplyStream">Whose claim it is: <c>migration-…</c> or <c>vm-…</c>.</param>
public sealed record ClaimAsked(string Stream, string Claim, string ReplyStream, int ReplyShard, ClaimTerms Terms) : ShardMessage;

/// <summary>What is wanted.</summary>
/// <param name="Occupies">The VM is there already: a fact to account for, never refused.</param>
public sealed record ClaimTerms(VmId Vm, HostId? Source, HostId? Destination, ByteCount Memory, int Vcpus, bool Occupies);

/// <param name="Refusal">Null when granted.</param>
public sealed record ClaimAnswered(string ReplyStream, string Stream, string Claim, Problem? Refusal) : ShardMessage;

public sealed record ClaimReleased(string Stream, string Claim, string ReplyStream, int ReplyShard) : ShardMessage;

public sealed record ClaimReleaseAnswered(string ReplyStream, string Stream, string Claim) : ShardMessage;

/// <summary>A hint to the shards whose streams involve this host: it connected, was lost, or was written off.</summary>
public sealed record HostChanged(HostId Host, string What, long StartCount, string ReplyStream) : ShardMessage;

/// <summary>
/// A migration that waits for a host's word asks the host's shard whether somebody wrote it off meanwhile: the hint may have been lost.
/// Answered by <see cref="HostChanged"/> only if so.
/// </summary>
public sealed record HostStatusAsked(HostId Host, string ReplyStream, int ReplyShard) : ShardMessage;

/// <summary>A hint to every node: this host's link stands somewhere now, and it waits for what it has to be told.</summary>
public sealed record HostLinkStands(HostId Host) : ShardMessage;

/// <summary>A command that arrived at a node which does not decide for its shard.</summary>
/// <param name="Id">Names the answer.</param>
/// <param name="ReplyNode">Who waits for it.</param>
public sealed record CommandForwarded(string Id, string ReplyNode, Command Command, CommandContext Context) : ShardMessage;

/// <summary>What was decided on a forwarded command: see <see cref="CommandResult"/>.</summary>
public sealed record CommandAnswered(string Id, Refusal? Refusal, string Stream, int Version, bool Changed, IdempotencyRecord? Earlier) : ShardMessage;

/// <summary>
/// An ordinary command that an evacuation wants decided in another shard. Asked until answered; decided under the evacuation as actor and the key, so
/// asking again, for ever and of whichever node, does nothing twice and has the same answer.
/// </summary>
/// <param name="Key">Unique for the evacuation; null for a command that may be decided twice, and is not answered.</param>
public sealed record CommandAsked(EvacuationId Evacuation, string? Key, Command Command) : ShardMessage;

/// <summary>What was decided on it.</summary>
/// <param name="Stream">Of what it is about: of the migration, for one that begins a migration.</param>
public sealed record CommandDecided(EvacuationId Evacuation, string Key, Refusal? Refusal, string Stream) : ShardMessage;

/// <summary>An evacuation asks where a guest is: the news may have been lost.</summary>
/// <param name="Try">That is under way, so that the answer is known to be no older.</param>
public sealed record GuestAsked(VmId Vm, EvacuationId Evacuation, int Try) : ShardMessage;

/// <summary>Where a guest is and what moves it, when an evacuation asked or its migration settled. May be late.</summary>
/// <param name="Try">As asked; null: a hint.</param>
public sealed record GuestSeen(EvacuationId Evacuation, VmId Vm, GuestNews News, int? Try) : ShardMessage;
