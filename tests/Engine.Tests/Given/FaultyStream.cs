namespace Engine.Tests.Given;

/// <summary>Cuts a stream, or flips one bit, after so many bytes were written.</summary>
public sealed class FaultyStream(Stream inner, long at, FaultyStream.Fault fault) : PassingStream(inner)
{
    private long _written;

    public enum Fault
    {
        Cut,
        Flip,
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var before = _written;
        _written += buffer.Length;
        if (before > at || _written <= at)
        {
            base.Write(buffer);
            return;
        }

        var here = (int)(at - before);
        if (fault == Fault.Cut)
        {
            base.Write(buffer[..here]);
            Dispose();
            throw new IOException("cut by the test");
        }

        var changed = buffer.ToArray();
        changed[here] ^= 0x10;
        base.Write(changed);
    }
}
