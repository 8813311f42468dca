namespace Coordinator.Shared.Security;

/// <summary>What a certificate's holder is. The word in the SAN URI is the name in lower case.</summary>
public enum PeerRole
{
    /// <summary>An agent: may report for VMs on its host.</summary>
    Host,

    /// <summary>A coordinator: may give orders and sign tokens.</summary>
    Coordinator,

    /// <summary>A person or a program that uses the API.</summary>
    Operator,
}
