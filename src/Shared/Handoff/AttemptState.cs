namespace Coordinator.Shared.Handoff;

/// <summary>
/// What an agent's journal says about one attempt (vm, epoch, migration). Durable; the names are those of the model in <c>spec/</c>.
/// <code>
///   source:       None ── BEGIN ──> Begun ── GRANT, limit still met ──> Intent ── COMMIT owned ──> Released
///                   │                 │                                   │
///                   └── abort/cancel ─┴──────── COMMIT cannot have left ──┴──> Rejected
///   destination:  None ── PREP ──> Prepared ── loaded and COMMIT (or GoForward) ──> Owned ── vCPUs started ──> Running
///                   │                 │
///                   └──── asked ──────┴──> Refused      (process killed and seen dead first)
/// </code>
/// </summary>
public enum AttemptState
{
    /// <summary>Never heard of.</summary>
    None,

    /// <summary>Source: accepted BEGIN; pre-copy runs or will run. In the model this is NONE with <c>hi</c> raised.</summary>
    Begun,

    /// <summary>Source: may have sent COMMIT; only the destination's word, or knowing that COMMIT never left, ends this.</summary>
    Intent,

    /// <summary>Source: the destination can never own this attempt because of us; the guest runs here.</summary>
    Rejected,

    /// <summary>Source: copy destroyed, the destination owns.</summary>
    Released,

    /// <summary>Destination: ready for the state.</summary>
    Prepared,

    /// <summary>Destination: THE decision, written before the vCPUs run.</summary>
    Owned,

    /// <summary>Destination: will never own this attempt; its copy is dead.</summary>
    Refused,
}
