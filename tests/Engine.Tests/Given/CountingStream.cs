namespace Engine.Tests.Given;

/// <summary>Tells how much was read.</summary>
public sealed class CountingStream(Stream inner, Action<int> read) : PassingStream(inner)
{
    public override int Read(Span<byte> buffer)
    {
        var count = base.Read(buffer);
        read(count);
        return count;
    }
}
