using HostNode.Agent.Machine;

namespace HostNode.Agent.Journal;

/// <summary>One frame read. The bytes are what is copied into the next segment: fields this version does not know stay.</summary>
internal sealed record SegmentStep(byte[] Payload, JournalRecord[] Records);
