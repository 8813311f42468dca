namespace HostNode.Engine.Transfer;

[Flags]
public enum FrameFlags : ushort
{
    None = 0,

    /// <summary>End: compare only, the transfer goes on. Checks both tables early and warms the path the blackout will take.</summary>
    Probe = 1,

    /// <summary>End: the destination hashes its whole memory again before it says yes.</summary>
    FullVerify = 2,

    /// <summary>Hello: the source's agent is a new one and asks for the page hashes. EndAck, HelloAck: already loaded.</summary>
    Resume = 4,

    /// <summary>Table: the last part.</summary>
    Last = 8,

    All = Probe | FullVerify | Resume | Last,
}
