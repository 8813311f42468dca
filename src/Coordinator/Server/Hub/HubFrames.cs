using System.Net.WebSockets;
using System.Text.Json;
using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Hub;

/// <summary>Reads and writes one JSON object a text frame.</summary>
internal static class HubFrames
{
    /// <summary>The next message; null when the other side closed.</summary>
    /// <exception cref="HubProtocolException">A frame that is too large, binary, or no message of ours.</exception>
    public static async Task<HubMessage?> ReadAsync(WebSocket socket, FrameBuffer buffer, CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.After(length), cancellation);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            if (part.MessageType == WebSocketMessageType.Binary) throw new HubProtocolException(WebSocketCloseStatus.InvalidMessageType, "frame.binary");
            length += part.Count;
            if (part.EndOfMessage) break;
            if (length == buffer.Max) throw new HubProtocolException(WebSocketCloseStatus.MessageTooBig, "frame.tooLarge");
        }

        try
        {
            return HubWire.Read(buffer.Until(length));
        }
        catch (JsonException e)
        {
            throw new HubProtocolException(WebSocketCloseStatus.InvalidPayloadData, "frame.malformed", e);
        }
    }

    public static Task WriteAsync(WebSocket socket, HubMessage message, CancellationToken cancellation) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.HubMessage), WebSocketMessageType.Text, true, cancellation);
}
