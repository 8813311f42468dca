namespace Coordinator.Shared.Contracts;

/// <summary>Codes of <see cref="HubRefusal"/>. An agent tries again slowly after all but those of <see cref="IsFinal"/>.</summary>
public static class HubRefusalCodes
{
    /// <summary>The host id belongs to another journal: this one was replaced.</summary>
    public const string JournalSuperseded = "journal.superseded";

    /// <summary>A start of this journal with a higher start count was seen: an old journal was put back.</summary>
    public const string StartCountBehind = "journal.startCountBehind";

    /// <summary>The host was written off; its id is never used again.</summary>
    public const string HostWrittenOff = "host.writtenOff";

    /// <summary>The host left in order; its id is never used again.</summary>
    public const string HostRetired = "host.retired";

    /// <summary>Nobody has enrolled the host yet, and this coordinator wants that.</summary>
    public const string NotEnrolled = "host.notEnrolled";

    /// <summary>Two live links with the same journal and start count.</summary>
    public const string DuplicateLink = "host.duplicateLink";

    /// <summary>The certificate names another host than the hello.</summary>
    public const string IdentityMismatch = "host.identityMismatch";

    /// <summary>The store is older than what this agent has seen.</summary>
    public const string StoreBehind = "store.behind";

    /// <summary>Too many handshakes at once.</summary>
    public const string Busy = "hub.busy";

    /// <summary>The first frame was not a hello that can be read.</summary>
    public const string BadHello = "hub.badHello";

    /// <summary>The agent's contracts are of an older major version: upgrade it.</summary>
    public const string ContractsTooOld = "contracts.tooOld";

    /// <summary>The agent's contracts are of a newer major version: upgrade the coordinator.</summary>
    public const string ContractsTooNew = "contracts.tooNew";

    /// <summary>No later try of the same agent can be admitted: it stops and answers nothing (hand-off, R10).</summary>
    public static bool IsFinal(string code) => code is JournalSuperseded or StartCountBehind or HostWrittenOff or HostRetired;
}
