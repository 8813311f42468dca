namespace Coordinator.Shared.Security;

/// <summary>Why somebody, or a token, is not believed.</summary>
/// <param name="Detail">One sentence for a log; holds no secret.</param>
public sealed record TrustProblem(TrustProblemKind Kind, string Detail)
{
    public override string ToString() => $"{Kind}: {Detail}";
}

/// <summary>The kinds of distrust.</summary>
public enum TrustProblemKind
{
    /// <summary>No certificate was shown.</summary>
    NoCertificate,

    /// <summary>Not issued by a root of the bundle, or not meant for TLS of both directions.</summary>
    ForeignAuthority,

    /// <summary>Past its end, or its root is.</summary>
    Expired,

    /// <summary>Its time has not come: look at the clocks.</summary>
    NotYetValid,

    /// <summary>Not exactly one well-formed identity in it.</summary>
    NoIdentity,

    /// <summary>A good identity, but of another role or name than needed here.</summary>
    WrongIdentity,

    /// <summary>Not base64, not a certificate, not a P-256 key.</summary>
    Malformed,

    /// <summary>The signature does not fit the token's fields.</summary>
    BadSignature,
}
