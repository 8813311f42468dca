using System.Collections.Immutable;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Hosts;

/// <summary>A host: its identity (one journal for ever), whether it takes guests, and the ledger of its capacity.</summary>
public sealed record HostState
{
    public static readonly HostState Unknown = new();

    /// <summary>The reserve a destination keeps free: 20 % of its memory, 10 % of its CPU (design: product).</summary>
    public const double MemoryReserve = 0.20;
    public const double CpuReserve = 0.10;

    public HostId? Id { get; init; }

    public string? JournalId { get; init; }

    public long StartCount { get; init; }

    public string? BootId { get; init; }

    public HostFacts? Facts { get; init; }

    public string? CordonReason { get; init; }

    /// <summary>Why it was written off; then it is never let in again.</summary>
    public string? WrittenOffReason { get; init; }

    /// <summary>A person made it known; its agent may not have connected yet.</summary>
    public bool Enrolled { get; init; }

    /// <summary>Why it left in order; then it is never let in again.</summary>
    public string? RetiredReason { get; init; }

    public ImmutableDictionary<string, CapacityClaim> Claims { get; init; } = ImmutableDictionary<string, CapacityClaim>.Empty;

    /// <summary>Claims that were refused or released: an answer is repeated, never made anew. In two generations: a full
    /// one pushes the other out, so the newest <see cref="AnsweredMin"/> at least are kept.</summary>
    public ImmutableDictionary<string, ClaimAnswer> Answered { get; init; } = ImmutableDictionary<string, ClaimAnswer>.Empty;

    public ImmutableDictionary<string, ClaimAnswer> AnsweredBefore { get; init; } = ImmutableDictionary<string, ClaimAnswer>.Empty;

    /// <summary>A repeat older than this many later answers is outside any bus's delay.</summary>
    public const int AnsweredMin = 2048;

    public ClaimAnswer? AnswerTo(string claim) => Answered.GetValueOrDefault(claim) ?? AnsweredBefore.GetValueOrDefault(claim);

    public ByteCount ClaimedMemory { get; init; }

    public int ClaimedVcpus { get; init; }
}

public sealed record CapacityClaim(VmId Vm, ByteCount Memory, int Vcpus);

/// <param name="Refusal">Null for a released claim (a tombstone).</param>
public sealed record ClaimAnswer(Problem? Refusal);
