using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Security;

/// <summary>
/// Who a certificate says its holder is: exactly one SAN URI <c>spiffe://lm/host/ID</c>, <c>spiffe://lm/coordinator/ID</c> or
/// <c>spiffe://lm/operator/NAME</c>. IP and DNS names beside it carry no authority. Proves nothing by itself: <see cref="ChainCheck"/> first.
/// </summary>
/// <param name="Name">1 to 63 characters of <c>a-z 0-9 . -</c>, as for every name.</param>
public sealed record PeerIdentity(PeerRole Role, string Name)
{
    private const string Prefix = "spiffe://lm/";
    private const string SubjectAlternativeName = "2.5.29.17";

    // GeneralName ::= CHOICE { … uniformResourceIdentifier [6] IA5String … } (RFC 5280, 4.2.1.6)
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    public static PeerIdentity OfHost(HostId host) => new(PeerRole.Host, host.Value);

    public static PeerIdentity OfCoordinator(string id) => new(PeerRole.Coordinator, id);

    public static PeerIdentity OfOperator(string name) => new(PeerRole.Operator, name);

    /// <summary>The URI as it stands in the certificate.</summary>
    public string Uri => Prefix + Word(Role) + "/" + Name;

    /// <summary>The host's name, or null if this is no host.</summary>
    public HostId? Host => Role == PeerRole.Host ? HostId.Parse(Name) : null;

    /// <summary>The identity in a certificate, or null: none, more than one, unknown role, or a name that is not allowed.</summary>
    public static PeerIdentity? Of(X509Certificate2 certificate)
    {
        try
        {
            return Uris(certificate) is [var only] ? Parse(only) : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>Strict: no other scheme, no port, no query, no escape, no upper case.</summary>
    public static PeerIdentity? Parse(string uri)
    {
        if (!uri.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var parts = uri[Prefix.Length..].Split('/');
        if (parts.Length != 2 || !Names.IsValid(parts[1])) return null;
        foreach (var role in Enum.GetValues<PeerRole>())
        {
            if (parts[0] == Word(role)) return new PeerIdentity(role, parts[1]);
        }

        return null;
    }

    public override string ToString() => Word(Role) + "/" + Name;

    private static string Word(PeerRole role) => role switch
    {
        PeerRole.Host => "host",
        PeerRole.Coordinator => "coordinator",
        PeerRole.Operator => "operator",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    private static List<string> Uris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != SubjectAlternativeName) continue;
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(UriTag)) uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                else names.ReadEncodedValue();
            }
        }

        return uris;
    }
}
