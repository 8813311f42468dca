namespace HostNode.Engine.Transfer;

/// <summary>What kind of wrong came over the wire.</summary>
public enum WireFault
{
    /// <summary>A checksum does not fit: bytes were changed on the way. The link may be opened again.</summary>
    Corrupt,

    /// <summary>Says something impossible.</summary>
    Malformed,

    /// <summary>Points outside the guest's memory.</summary>
    OutOfRange,

    /// <summary>Needs something this version does not know.</summary>
    Unsupported,

    /// <summary>In the wrong place of the conversation.</summary>
    OutOfOrder,

    /// <summary>The other side said why it hangs up.</summary>
    Refused,

    /// <summary>Both sides' page hashes differ: the copy is not the original. Never repaired by trying again.</summary>
    DigestMismatch,
}
