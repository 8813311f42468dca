using System.Net.WebSockets;
using System.Text.Json;
using Coordinator.Shared.Contracts;

namespace HostNode.Agent.Links;

/// <summary>One JSON object a text frame, at most 1 MiB.</summary>
internal sealed class HubFrames(WebSocket socket)
{
    private const int FrameMost = 1024 * 1024;
    private byte[] _buffer = new byte[16 * 1024];

    public static Task WriteAsync(WebSocket socket, HubMessage message, CancellationToken cancellation) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.HubMessage), WebSocketMessageType.Text, endOfMessage: true, cancellation);

    /// <summary>The next message, null when the other side closed.</summary>
    /// <exception cref="InvalidDataException">No message of ours: close the link.</exception>
    public async Task<HubMessage?> ReadAsync(CancellationToken cancellation)
    {
        for (var length = 0; ;)
        {
            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return Parse(_buffer.AsSpan(0, length));
            if (length == FrameMost) throw new InvalidDataException("a frame of more than 1 MiB");
            if (length == _buffer.Length) Array.Resize(ref _buffer, Math.Min(FrameMost, length * 2));
        }
    }

    private static HubMessage Parse(ReadOnlySpan<byte> frame)
    {
        try
        {
            return HubWire.Read(frame);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("a frame this agent cannot read: " + e.Message, e);
        }
    }
}
