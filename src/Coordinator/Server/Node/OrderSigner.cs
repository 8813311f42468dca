using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Node;

/// <summary>Signs the token of an order as it leaves (design: rule 27): events hold the fields, never a signature.</summary>
public sealed class OrderSigner(X509Certificate2 certificate) : IDisposable
{
    private readonly TokenSigner _signer = new(certificate);
    private readonly Lock _gate = new();

    public Order Sign(Order order)
    {
        lock (_gate)
        {
            return order switch
            {
                SwitchOver grant => grant with { Grant = _signer.Sign(grant.Grant.Token) },
                GoForward forward => forward with { Grant = _signer.Sign(forward.Grant.Token) },
                _ => order,
            };
        }
    }

    public void Dispose() => _signer.Dispose();
}
