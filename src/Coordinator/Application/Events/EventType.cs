using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Events;

/// <summary>One row of the <see cref="EventCatalog"/>.</summary>
public sealed record EventType(string Name, int SchemaVersion, Type Type, JsonTypeInfo Json)
{
    /// <summary>The contracts it came with: written only where the store allows them.</summary>
    public ContractVersion Since { get; init; } = ContractVersion.First;

    // Events never change, so equal bodies may be one object; half of a log is bodies such as {} and {"role":"Source"}.
    private readonly KnownBytes<object> known = new(64);

    internal object? Read(ReadOnlySpan<byte> body)
    {
        if (known.TryFind(body, out var happened)) return happened;
        var read = JsonSerializer.Deserialize(body, Json);
        if (read is not null) known.Keep(body, read);
        return read;
    }
}
