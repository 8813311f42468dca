namespace Engine.Tests.Given;

/// <summary>Cuts a stream, or flips one bit, after so many bytes were written.</summary>
public sealed class FaultyStream(Stream inner, long at, FaultyStream.Fault fault) : Stream
{
    private long _written;

    public enum Fault
    {
        Cut,
        Flip,
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override bool CanTimeout => inner.CanTimeout;

    public override int ReadTimeout { get => inner.ReadTimeout; set => inner.ReadTimeout = value; }

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => inner.Read(buffer);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var before = _written;
        _written += buffer.Length;
        if (before > at || _written <= at)
        {
            inner.Write(buffer);
            return;
        }

        var here = (int)(at - before);
        if (fault == Fault.Cut)
        {
            inner.Write(buffer[..here]);
            inner.Dispose();
            throw new IOException("cut by the test");
        }

        var changed = buffer.ToArray();
        changed[here] ^= 0x10;
        inner.Write(changed);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
