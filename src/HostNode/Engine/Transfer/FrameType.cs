namespace HostNode.Engine.Transfer;

/// <summary>
/// Kinds of frames on a memory stream; numbers are the wire's.
/// <code>
/// source                               destination
///   Hello  ──────────────────────────►                (each stream)
///          ◄──────────────────────────  HelloAck      frames it already has of the link before
///   TableRequest (after a restart) ──►                (stream 0)
///          ◄──────────────────────────  Table …       page hashes of what it holds
///   Pages … ─────────────────────────►                (chunk index mod streams)
///          ◄──────────────────────────  Ack           frames received so far, in order
///   RoundEnd ────────────────────────►
///          ◄──────────────────────────  RoundAck
///   End ─────────────────────────────►                (stream 0, once all RoundEnd of the round are on their way)
///          ◄──────────────────────────  EndAck        digest over all page hashes; loaded, unless it was a probe
///          ◄──────────────────────────  Error         why it hangs up
/// </code>
/// </summary>
public enum FrameType : ushort
{
    Hello = 1,
    HelloAck = 2,
    Pages = 3,
    Ack = 4,
    RoundEnd = 5,
    RoundAck = 6,
    End = 7,
    EndAck = 8,
    TableRequest = 9,
    Table = 10,
    Error = 11,
}
