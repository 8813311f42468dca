using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>How to reach the broker, and as whom.</summary>
public sealed record RabbitMqOptions
{
    /// <summary>
    /// The broker's nodes, tried in any order: <c>amqps://name:5671/virtual-host</c>, or <c>amqp://…</c> without TLS. The virtual host of the first
    /// one counts for all; without a path it is <c>/</c>.
    /// </summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    public required string User { get; init; }

    /// <summary>Null: who we are is said by <see cref="Certificate"/> (mechanism EXTERNAL).</summary>
    public string? Password { get; init; }

    /// <summary>Shown to the broker, with its private key; null: none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Roots that may vouch for the broker; null: those of the machine.</summary>
    public X509Certificate2Collection? Authorities { get; init; }
}
