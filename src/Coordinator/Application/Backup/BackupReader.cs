using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Coordinator.Application.Backup;

/// <summary>Reads what <see cref="BackupWriter"/> wrote.</summary>
public static class BackupReader
{
    private const int LineMax = 64 * 1024 * 1024;

    /// <summary>True if it begins as a backup does; reads two bytes.</summary>
    public static bool IsBackup(Stream file) => file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;

    /// <summary>Every line but the last. Only when the sequence has ended was the file whole: nothing may be done for good before.</summary>
    /// <exception cref="BackupDamagedException">No backup, cut short, changed, or of a newer program.</exception>
    public static IEnumerable<BackupLine> Read(Stream file)
    {
        using var unpacked = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lines = 0L;
        foreach (var text in Lines(unpacked))
        {
            var line = Parse(text, lines + 1);
            if (lines == 0 && line is not BackupHead { Format: BackupHead.FormatNow })
                throw new BackupDamagedException(line is BackupHead head ? $"a backup of format {head.Format}, made by {head.Program}: this program knows {BackupHead.FormatNow}" : "not a backup of a coordinator");
            if (line is BackupEnd end)
            {
                if (end.Lines != lines || end.Sha256 != Convert.ToHexStringLower(sum.GetCurrentHash())) throw new BackupDamagedException($"its {lines} lines are not those that were written");
                yield break;
            }

            sum.AppendData(text.Span);
            lines++;
            yield return line;
        }

        throw new BackupDamagedException($"it ends after {lines} lines, without its end: it was cut short");
    }

    private static BackupLine Parse(ReadOnlyMemory<byte> text, long number)
    {
        try
        {
            return JsonSerializer.Deserialize(text.Span, BackupJson.Readable.BackupLine) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new BackupDamagedException($"line {number} is not what was written: {e.Message}", e);
        }
    }

    // Each with its line end, as it is summed. What is shown is gone with the next one.
    private static IEnumerable<ReadOnlyMemory<byte>> Lines(GZipStream unpacked)
    {
        var buffer = new byte[1 << 16];
        var (start, filled) = (0, 0);
        while (true)
        {
            int end;
            while ((end = Array.IndexOf(buffer, (byte)'\n', start, filled - start)) >= 0)
            {
                yield return buffer.AsMemory(start, end + 1 - start);
                start = end + 1;
            }

            if (start == 0 && filled == buffer.Length) Array.Resize(ref buffer, buffer.Length < LineMax ? buffer.Length * 2 : throw new BackupDamagedException("a line without end"));
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            (start, filled) = (0, filled - start);
            var read = Unpack(unpacked, buffer.AsSpan(filled));
            if (read == 0) yield break;
            filled += read;
        }
    }

    private static int Unpack(GZipStream unpacked, Span<byte> into)
    {
        try
        {
            return unpacked.Read(into);
        }
        catch (InvalidDataException e)
        {
            throw new BackupDamagedException($"it cannot be unpacked: {e.Message}", e);
        }
    }
}
