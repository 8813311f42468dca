using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Coordinator.Server.Streaming;

/// <summary>Writes one <c>text/event-stream</c> answer. Each item is flushed; waiting for a slow reader is the only buffer.</summary>
public sealed class SseWriter(HttpResponse response, CancellationToken cancellation)
{
    /// <summary>A comment line this often keeps proxies and readers from giving up.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(15);

    private static readonly byte[] Beat = ": heartbeat\n\n"u8.ToArray();

    public async Task BeginAsync()
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.Body.FlushAsync(cancellation);
    }

    /// <param name="id">Position to resume after; null for what is not part of the history.</param>
    public async Task WriteAsync<T>(string eventName, long? id, T data, JsonTypeInfo<T> type)
    {
        // The source-generated writer never indents, so the data is one line.
        var head = new StringBuilder();
        if (id is { } position) head.Append("id: ").Append(position.ToString(CultureInfo.InvariantCulture)).Append('\n');
        head.Append("event: ").Append(eventName).Append("\ndata: ");
        var frame = new ArrayBufferWriter<byte>(1024);
        Encoding.UTF8.GetBytes(head.ToString(), frame);
        using (var json = new Utf8JsonWriter(frame)) JsonSerializer.Serialize(json, data, type);
        frame.Write("\n\n"u8);
        await response.Body.WriteAsync(frame.WrittenMemory, cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    public async Task BeatAsync()
    {
        await response.Body.WriteAsync(Beat, cancellation);
        await response.Body.FlushAsync(cancellation);
    }
}
