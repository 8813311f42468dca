namespace Coordinator.Server.Hub;

/// <summary>
/// Room for one frame of a link. Nearly all frames are small and a coordinator has thousands of links: it begins with 2 KiB, and what a large frame
/// needed is given back with the next one.
/// </summary>
internal sealed class FrameBuffer(int max)
{
    private const int Small = 2 * 1024;
    private byte[] _bytes = new byte[Math.Min(Small, max)];

    /// <summary>Bytes of the largest frame.</summary>
    public int Max => max;

    /// <summary>Where the rest of a frame goes of which so much is here; not empty while that is less than <see cref="Max"/>.</summary>
    public Memory<byte> After(int length)
    {
        if (length == 0 && _bytes.Length > Small) _bytes = new byte[Small];
        else if (length == _bytes.Length) Array.Resize(ref _bytes, Math.Min(_bytes.Length * 4, max));
        return _bytes.AsMemory(length);
    }

    public ReadOnlySpan<byte> Until(int length) => _bytes.AsSpan(0, length);
}
