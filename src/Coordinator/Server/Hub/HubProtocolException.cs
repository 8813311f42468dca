using System.Net.WebSockets;

namespace Coordinator.Server.Hub;

/// <summary>The other side broke the rules of the link: it is closed with this status and code.</summary>
internal sealed class HubProtocolException(WebSocketCloseStatus status, string code, Exception? inner = null) : Exception(code, inner)
{
    public WebSocketCloseStatus Status { get; } = status;

    public string Code { get; } = code;
}
