using System.Text.Json;

namespace HostNode.Hypervisors.Fake;

/// <summary>One line on a fake memory stream: a round, the last bytes (with a digest), or the answer to them.</summary>
internal sealed record FakeFrame(string Kind, long Counter, string? Digest)
{
    public const string Round = "round";
    public const string Last = "last";
    public const string Loaded = "loaded";

    public void Write(Stream to)
    {
        to.Write([.. JsonSerializer.SerializeToUtf8Bytes(this, FakeJson.Default.FakeFrame), (byte)'\n']);
        to.Flush();
    }

    /// <summary>The next frame, null at the end.</summary>
    /// <exception cref="InvalidDataException">Not a frame.</exception>
    public static FakeFrame? Read(Stream from)
    {
        var line = new List<byte>();
        while (from.ReadByte() is var one and >= 0)
        {
            if (one != '\n') line.Add((byte)one);
            else return JsonSerializer.Deserialize(line.ToArray(), FakeJson.Default.FakeFrame) ?? throw new InvalidDataException("an empty frame");
            if (line.Count > 4096) throw new InvalidDataException("a frame of more than 4096 bytes");
        }

        return null;
    }
}
