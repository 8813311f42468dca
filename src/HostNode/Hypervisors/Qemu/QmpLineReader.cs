namespace HostNode.Hypervisors.Qemu;

/// <summary>Cuts a byte stream into lines, none longer than a bound.</summary>
internal sealed class QmpLineReader(Stream stream, int lineBytesMax)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line without its end, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="QmpException">A line exceeds the bound.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken stop)
    {
        var searched = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + found);
                _start += searched + found + 1;
                return line;
            }

            searched = _end - _start;
            if (searched > lineBytesMax) throw new QmpException($"a line of the monitor exceeds {lineBytesMax} bytes");
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), stop).ConfigureAwait(false);
            if (read == 0) return null;
            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length) return;
        var held = _end - _start;
        var target = held > _buffer.Length / 2 ? new byte[Math.Min(_buffer.Length * 2, lineBytesMax + 16 * 1024)] : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, held);
        _buffer = target;
        _start = 0;
        _end = held;
    }
}
