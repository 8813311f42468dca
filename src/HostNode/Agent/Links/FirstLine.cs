using System.Text.Json;
using Coordinator.Shared.Contracts;

namespace HostNode.Agent.Links;

/// <summary>The line of JSON a peer connection begins with. Read byte by byte: what follows on a memory stream belongs to the driver.</summary>
internal static class FirstLine
{
    public const int BytesMost = 4096;

    public static void Write(Stream to, PeerHello hello)
    {
        to.Write([.. JsonSerializer.SerializeToUtf8Bytes<PeerMessage>(hello, WireJson.Default.PeerMessage), (byte)'\n']);
        to.Flush();
    }

    /// <exception cref="InvalidDataException">Not a hello, or longer than allowed.</exception>
    public static PeerHello Read(Stream from)
    {
        var line = new byte[BytesMost];
        for (var length = 0; length < line.Length; length++)
        {
            if (from.Read(line, length, 1) == 0) throw new InvalidDataException("closed before the hello was complete");
            if (line[length] == '\n') return Parse(line.AsSpan(0, length));
        }

        throw new InvalidDataException($"a hello longer than {BytesMost} bytes");
    }

    private static PeerHello Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WireJson.Default.PeerMessage) as PeerHello
                ?? throw new InvalidDataException("the first line is no hello");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException("the first line is no hello: " + e.Message, e);
        }
    }
}
