using System.Text;
using Coordinator.Shared.Integrity;

namespace HostNode.Engine.Transfer;

/// <summary>Frames over one blocking stream. One thread reads; any thread may write.</summary>
public sealed class FrameChannel(Stream stream, long memoryLength) : IDisposable
{
    private const int SmallPayloadMax = 512;

    private readonly byte[] _header = new byte[FrameHeader.Length];
    private readonly byte[] _small = new byte[FrameHeader.Length + SmallPayloadMax];
    private readonly Lock _writing = new();

    /// <summary>Longest wait of a read, or null for ever.</summary>
    public void LimitReads(TimeSpan? time)
    {
        if (stream.CanTimeout) stream.ReadTimeout = time is null ? Timeout.Infinite : (int)time.Value.TotalMilliseconds;
    }

    /// <exception cref="WireException">Refused: what came is not a frame this side accepts.</exception>
    /// <exception cref="IOException">The stream ended or broke.</exception>
    public FrameHeader ReadHeader()
    {
        Read(_header);
        return FrameHeader.Read(_header, memoryLength);
    }

    /// <summary>Part of a payload, not yet checked.</summary>
    public void Read(Span<byte> target)
    {
        try
        {
            stream.ReadExactly(target);
        }
        catch (ObjectDisposedException closed)
        {
            throw new IOException("the stream was closed", closed);
        }
    }

    /// <summary>A whole payload, checked.</summary>
    public void ReadPayload(in FrameHeader header, Span<byte> target)
    {
        if (header.PayloadLength != target.Length) throw new WireException(WireFault.Malformed, $"{header.Type} with {header.PayloadLength} bytes");
        Read(target);
        if (Crc32C.Of(target) != header.PayloadCrc) throw new WireException(WireFault.Corrupt, $"the checksum of a {header.Type} payload is wrong");
    }

    /// <summary>A small frame.</summary>
    /// <param name="value">Goes into the header's offset: a count or a digest, see the type.</param>
    public void Send(FrameType type, FrameFlags flags, uint round, ulong value, ReadOnlySpan<byte> payload = default)
    {
        lock (_writing)
        {
            payload.CopyTo(_small.AsSpan(FrameHeader.Length));
            new FrameHeader(type, flags, round, payload.Length, value, 0, 0, Crc32C.Of(payload)).Write(_small);
            Flush(_small.AsSpan(0, FrameHeader.Length + payload.Length));
        }
    }

    /// <summary>A frame already put together: header and payload.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        lock (_writing) Flush(frame);
    }

    /// <summary>Says why and expects nothing any more; never throws.</summary>
    public void SendError(WireFault fault, string text)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Send(FrameType.Error, FrameFlags.None, 0, (ulong)fault, bytes.AsSpan(0, Math.Min(bytes.Length, SmallPayloadMax)));
        }
        catch (IOException)
        {
            // It hung up first.
        }
    }

    /// <summary>What an Error frame says, as the exception it is.</summary>
    public WireException ReadError(in FrameHeader header)
    {
        Span<byte> text = stackalloc byte[SmallPayloadMax];
        if (header.PayloadLength > SmallPayloadMax) return new WireException(WireFault.Malformed, "an error text over 512 bytes");
        ReadPayload(header, text[..header.PayloadLength]);
        var fault = header.Offset <= (ulong)WireFault.DigestMismatch ? (WireFault)header.Offset : WireFault.Refused;
        return new WireException(fault, "the other host says: " + Encoding.UTF8.GetString(text[..header.PayloadLength]));
    }

    /// <summary>Ends reads and writes that block, from any thread.</summary>
    public void Dispose() => stream.Dispose();

    private void Flush(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
            stream.Flush();
        }
        catch (ObjectDisposedException closed)
        {
            throw new IOException("the stream was closed", closed);
        }
    }
}
