using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Coordinator.Application.Backup;

/// <summary>Writes lines of JSON, compressed by gzip (so that <c>zcat</c> shows them), and at last how many there are and their checksum.</summary>
public sealed class BackupWriter(Stream file) : IDisposable
{
    private readonly GZipStream _out = new(file, CompressionLevel.Fastest, leaveOpen: true);
    private readonly IncrementalHash _sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Lines written so far.</summary>
    public long Lines { get; private set; }

    public void Write(BackupLine line)
    {
        byte[] text = [.. JsonSerializer.SerializeToUtf8Bytes(line, BackupJson.Readable.BackupLine), (byte)'\n'];
        _sum.AppendData(text);
        _out.Write(text);
        Lines++;
    }

    /// <summary>Writes the end. Without it the file is no backup.</summary>
    public void Complete()
    {
        Write(new BackupEnd(Lines, Convert.ToHexStringLower(_sum.GetCurrentHash())));
        _out.Flush();
    }

    public void Dispose()
    {
        _out.Dispose();
        _sum.Dispose();
    }
}
