using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;

namespace Coordinator.Domain.Migrations;

/// <summary>
/// What the hosts have said about one attempt, as far as the log knows. It only grows. The words are those of the model in <c>spec/</c>:
/// a fact here is a message that was received and made durable.
/// </summary>
public sealed record HandoffFacts
{
    public static readonly HandoffFacts None = new();

    /// <summary>READY: where the destination listens.</summary>
    public TransferEndpoint? Endpoint { get; init; }

    /// <summary>The grant, once given.</summary>
    public SwitchoverToken? Grant { get; init; }

    /// <summary>Switch over at the next round whatever the forecast.</summary>
    public bool Forced { get; init; }

    public int LastRound { get; init; }

    /// <summary>The source said that INTENT is on its disk. Information only.</summary>
    public bool IntentSeen { get; init; }

    /// <summary>The copy of COMMIT reached the log.</summary>
    public bool CommitSeen { get; init; }

    /// <summary>With it: the digest of what the destination must have.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? CommitDigest { get; init; }

    /// <summary>The source asked that the destination decides.</summary>
    public bool RefusalAsked { get; init; }

    /// <summary>The source's last word.</summary>
    public SourceWord Source { get; init; }

    /// <summary>The source obeys only the coordinator.</summary>
    public bool Holding { get; init; }

    /// <summary>The destination's last word.</summary>
    public DestinationWord Destination { get; init; }

    /// <summary>A person attested that the host is off and will not come back: its obligations are a debt that nobody waits for.</summary>
    public bool SourceOff { get; init; }

    public bool DestinationOff { get; init; }

    /// <summary>Somebody wants it to end: a person, a deadline.</summary>
    public bool CancelAsked { get; init; }

    /// <summary>Part of the history was lost with a store: a grant is assumed, and the VM counts its capacity by itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Cut { get; init; }

    public bool Verified { get; init; }

    public bool PermitReturned { get; init; }

    public bool SourceClaimReturned { get; init; }

    public bool DestinationClaimReturned { get; init; }

    /// <summary>The source's host is off: by its own word after a reboot, or by a person's.</summary>
    [JsonIgnore] public bool Off => Source == SourceWord.Gone || SourceOff;

    [JsonIgnore] public bool SourceSettled => Source is SourceWord.Rejected or SourceWord.RejectedGuestLost or SourceWord.Released || SourceOff;

    [JsonIgnore] public bool DestinationSettled => Destination is DestinationWord.Owned or DestinationWord.Refused || DestinationOff;
}

[JsonConverter(typeof(JsonStringEnumConverter<SourceWord>))]
public enum SourceWord
{
    Unheard,

    /// <summary>The host came back with INTENT, no REJECTED and no copy.</summary>
    Gone,

    /// <summary>REJECTED, and the guest runs there.</summary>
    Rejected,

    /// <summary>REJECTED, but the guest was lost with the host.</summary>
    RejectedGuestLost,

    Released,
}

[JsonConverter(typeof(JsonStringEnumConverter<DestinationWord>))]
public enum DestinationWord
{
    Unheard,
    Prepared,
    Owned,
    Refused,
}
