using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Node;

/// <summary>Signs the token of an order as it leaves (design: rule 27): events hold the fields, never a signature.</summary>
/// <param name="certificate">This node's, as it is now: it is replaced while the coordinator runs.</param>
public sealed class OrderSigner(Func<X509Certificate2> certificate) : IDisposable
{
    private readonly Lock _gate = new();
    private X509Certificate2? _of;
    private TokenSigner? _signer;

    public Order Sign(Order order)
    {
        lock (_gate)
        {
            return order switch
            {
                SwitchOver grant => grant with { Grant = Signer().Sign(grant.Grant.Token) },
                GoForward forward => forward with { Grant = Signer().Sign(forward.Grant.Token) },
                _ => order,
            };
        }
    }

    public void Dispose() => _signer?.Dispose();

    private TokenSigner Signer()
    {
        var now = certificate();
        if (_signer is not null && ReferenceEquals(now, _of)) return _signer;
        _signer?.Dispose();
        (_of, _signer) = (now, new TokenSigner(now));
        return _signer;
    }
}
