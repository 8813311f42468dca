using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Coordinator.Application.Bus;
using RabbitMQ.Client;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// Messages this program cannot read: damaged, or of a kind that only a newer one knows. Whoever sent it sends it again, to whoever decides then; what came
/// is kept for a person.
/// </summary>
internal static class Unreadable
{
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out ShardMessage? message, [NotNullWhen(false)] out string? why)
    {
        try
        {
            (message, why) = (BusJson.Read(Encoding.UTF8.GetString(body)), null);
            return true;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException or ArgumentException)
        {
            (message, why) = (null, e.Message);
            return false;
        }
    }

    /// <summary>To the queue <see cref="Topology.Poison"/>, with where it went, who sent it and what is wrong with it.</summary>
    public static ValueTask KeepAsync(IChannel channel, string address, IReadOnlyBasicProperties sent, ReadOnlyMemory<byte> body, string why)
    {
        var properties = new BasicProperties
        {
            AppId = sent.AppId,
            Persistent = true,
            Headers = new Dictionary<string, object?> { ["address"] = address, ["why"] = why, ["at"] = DateTimeOffset.UtcNow.ToString("O") },
        };
        // The client lends the body for this call only.
        return channel.BasicPublishAsync(Topology.Exchange, Topology.Poison, mandatory: false, properties, body.ToArray());
    }
}
