using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Integrity;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Journal;

/// <summary>
/// The bytes of <c>journal-NNNNNN.log</c>: a header line, then one frame for each step of the machine.
/// <code>
///   lm-journal 1 JOURNALID HOST SEGMENT CRC\n
///   frame:  u32 length │ u64 sequence │ u32 previous │ u32 payload CRC │ u32 header CRC │ payload: JSON array of records
/// </code>
/// All little endian. <c>previous</c> is the header CRC of the frame before (of the header line for the first), so that frames cannot be
/// exchanged, dropped or moved between segments. The length has a CRC of its own: else a flipped length would look like a torn tail.
/// A frame holds all records of one step, so that a torn write loses a step whole or not at all.
/// </summary>
internal static class Segment
{
    private const int FrameHeader = 24;

    public static string FileName(int number) => string.Create(CultureInfo.InvariantCulture, $"journal-{number:000000}.log");

    /// <summary>The number in a segment's name, or null for another file.</summary>
    public static int? NumberOf(string fileName)
    {
        var digits = fileName is { Length: 18 } ? fileName.AsSpan(8, 6) : [];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && FileName(number) == fileName ? number : null;
    }

    public static byte[] Header(string journalId, HostId host, int number) =>
        HeaderLine.Encode(string.Create(CultureInfo.InvariantCulture, $"lm-journal 1 {journalId} {host} {number}"));

    public static byte[] Payload(JournalRecord[] step) => JsonSerializer.SerializeToUtf8Bytes(step, JournalJson.Default.JournalRecordArray);

    /// <summary>Appends one frame and returns its header CRC, which the next one continues.</summary>
    public static uint Write(IBufferWriter<byte> to, ulong sequence, uint previous, byte[] payload)
    {
        var header = to.GetSpan(FrameHeader)[..FrameHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[4..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], previous);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32C.Of(payload));
        var crc = Crc32C.Of(header[..20]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], crc);
        to.Advance(FrameHeader);
        to.Write(payload);
        return crc;
    }

    /// <summary>All steps of a segment. An incomplete last frame behind <see cref="JournalHead.BaseLength"/> is a torn tail: it was never acted on, and is left out.</summary>
    /// <exception cref="JournalDamagedException">Anything else that is not as written.</exception>
    public static List<SegmentStep> Read(JournalHead head, byte[] bytes)
    {
        var file = FileName(head.Segment);
        var header = Header(head.JournalId, head.Host, head.Segment);
        if (!bytes.AsSpan().StartsWith(header)) throw new JournalDamagedException(file, 0, $"not the header of segment {head.Segment} of journal {head.JournalId} of host {head.Host}");
        if (bytes.Length < head.BaseLength) throw new JournalDamagedException(file, bytes.Length, $"cut: {head.BaseLength} bytes were durable when it was made");

        var steps = new List<SegmentStep>();
        var offset = header.Length;
        var previous = Crc32C.Of(header);
        while (offset < bytes.Length)
        {
            if (Frame(bytes, file, offset, (ulong)steps.Count + 1, ref previous) is not { } payload)
            {
                if (offset < head.BaseLength) throw new JournalDamagedException(file, offset, "incomplete record within what was durable when it was made");
                break;
            }

            steps.Add(new SegmentStep(payload.ToArray(), Parse(payload.Span, file, offset)));
            offset += FrameHeader + payload.Length;
        }

        return steps;
    }

    // The payload of the frame at an offset, or null if the file ends within the frame.
    private static ReadOnlyMemory<byte>? Frame(byte[] bytes, string file, int offset, ulong sequence, ref uint previous)
    {
        if (bytes.Length - offset < FrameHeader) return null;
        var header = bytes.AsSpan(offset, FrameHeader);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        if (crc != Crc32C.Of(header[..20])) throw new JournalDamagedException(file, offset, "check sum of the record's header is wrong");
        if (BinaryPrimitives.ReadUInt64LittleEndian(header[4..]) != sequence || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != previous)
        {
            throw new JournalDamagedException(file, offset, $"record {sequence} is missing or out of its place");
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length > bytes.Length - offset - FrameHeader) return null;
        var payload = bytes.AsMemory(offset + FrameHeader, (int)length);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[16..]) != Crc32C.Of(payload.Span))
        {
            throw new JournalDamagedException(file, offset + FrameHeader, $"check sum of record {sequence} is wrong");
        }

        previous = crc;
        return payload;
    }

    private static JournalRecord[] Parse(ReadOnlySpan<byte> payload, string file, int offset)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, JournalJson.Default.JournalRecordArray)
                ?? throw new JournalDamagedException(file, offset, "empty record");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new JournalDamagedException(file, offset, "a record this version cannot read (written by a newer one?): " + e.Message);
        }
    }
}
