using HostNode.Engine.Guests;

namespace HostNode.Engine.Transfer;

/// <summary>
/// The destination's side of one attempt. Receives into the guest's memory; lives through any number of links; trusts nothing on the
/// wire. A new link ends the one before, and waits for its threads, before a byte of the new one is read: a late old page can never
/// come after a newer one.
/// </summary>
public sealed class IncomingTransfer(string attempt, GuestMemory guest, IIncomingHost host) : IDisposable
{
    private readonly object _gate = new();

    // Admitted and perhaps still writing into memory.
    private readonly List<IncomingStream> _alive = [];
    private readonly List<Thread> _threads = [];
    private readonly uint[] _roundEnded = new uint[StreamHello.StreamsMax];
    private long _link = long.MinValue;
    private int _streamCount;
    private string? _loaded;
    private bool _disposed;

    internal PageSink Sink { get; } = new(guest);

    /// <summary>Digest once complete, else null.</summary>
    public string? LoadedDigest => Volatile.Read(ref _loaded);

    /// <summary>Bytes received twice with the same (page, round).</summary>
    public long Resent => Sink.Resent;

    /// <summary>Serves a stream on a thread of its own; owns it from here. Returns at once.</summary>
    public void Accept(Stream stream)
    {
        var thread = new Thread(() => Serve(stream)) { IsBackground = true, Name = "memory-receive" };
        lock (_gate)
        {
            if (_disposed)
            {
                stream.Dispose();
                return;
            }

            _threads.RemoveAll(t => !t.IsAlive);
            _threads.Add(thread);
            thread.Start();
        }
    }

    public void Dispose()
    {
        Thread[] threads;
        lock (_gate)
        {
            _disposed = true;
            foreach (var stream in _alive) stream.Close();
            threads = [.. _threads];
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in threads.Where(t => t != Thread.CurrentThread)) thread.Join();
    }

    /// <summary>Digest of what is here now, once every stream of the link has ended that round.</summary>
    /// <exception cref="WireException">The content differs, or a stream never ended the round.</exception>
    internal void End(IncomingStream asking, in FrameHeader header)
    {
        AwaitRound(asking, header.Round);
        if ((header.Flags & FrameFlags.FullVerify) != 0 && Sink.CountDifferences() is var wrong and > 0)
            throw Mismatch($"{wrong} pages in memory are not what was received");
        var digest = Sink.Table.Digest();
        if (digest != header.Offset) throw Mismatch($"source {PageHashTable.Text(header.Offset)}, destination {PageHashTable.Text(digest)}");
        if ((header.Flags & FrameFlags.Probe) == 0)
        {
            host.Loaded(PageHashTable.Text(digest));
            Volatile.Write(ref _loaded, PageHashTable.Text(digest));
        }
    }

    internal void RoundEnded(int stream, uint round)
    {
        lock (_gate)
        {
            _roundEnded[stream] = round;
            Monitor.PulseAll(_gate);
        }
    }

    private void Serve(Stream raw)
    {
        using var channel = new FrameChannel(raw, guest.Memory.Length);
        IncomingStream? stream = null;
        try
        {
            stream = Admit(channel);
            stream.Run();
        }
        catch (WireException refused)
        {
            channel.SendError(refused.Fault, refused.Message);
            if (refused.Fault == WireFault.DigestMismatch) host.Failed(refused.Message);
        }
        catch (Exception broken) when (broken is IOException or HolderRefusedException)
        {
            channel.SendError(WireFault.Refused, broken.Message);
        }
        finally
        {
            Ended(stream);
        }
    }

    private void Ended(IncomingStream? stream)
    {
        lock (_gate)
        {
            if (stream is not null) _alive.Remove(stream);
            Monitor.PulseAll(_gate);
        }
    }

    private IncomingStream Admit(FrameChannel channel)
    {
        channel.LimitReads(TimeSpan.FromSeconds(15));
        var header = channel.ReadHeader();
        if (header.Type != FrameType.Hello) throw new WireException(WireFault.OutOfOrder, $"{header.Type} instead of Hello");
        var bytes = new byte[StreamHello.Length];
        channel.ReadPayload(header, bytes);
        channel.LimitReads(null);
        var hello = StreamHello.Parse(bytes);
        if (hello.Attempt != attempt) throw new WireException(WireFault.Refused, $"this is {attempt}, not {hello.Attempt}");
        if (hello.Memory != guest.Memory.Length) throw new WireException(WireFault.Refused, $"{hello.Memory} bytes of memory, prepared were {guest.Memory.Length}");
        EndOlderLinks(hello);
        return Register(channel, hello);
    }

    private void EndOlderLinks(StreamHello hello)
    {
        IncomingStream[] older;
        lock (_gate)
        {
            if (hello.Link <= _link) return;
            (_link, _streamCount) = (hello.Link, hello.Streams);
            Array.Clear(_roundEnded);
            older = [.. _alive];
        }

        foreach (var stream in older) stream.Close();
    }

    private IncomingStream Register(FrameChannel channel, StreamHello hello)
    {
        lock (_gate)
        {
            while (_alive.Exists(s => s.Link < hello.Link) && !_disposed) Monitor.Wait(_gate);
            if (_disposed || hello.Link < _link) throw new WireException(WireFault.Refused, $"link {hello.Link} was replaced by {_link}");
            if (_loaded is not null) throw new WireException(WireFault.Refused, "the memory is complete already");
            if (hello.Streams != _streamCount || _alive.Exists(s => s.Index == hello.Stream))
                throw new WireException(WireFault.Malformed, $"stream {hello.Stream} of {hello.Streams} on link {hello.Link}, which has {_streamCount}");
            var stream = new IncomingStream(this, channel, hello.Stream, hello.Link);
            _alive.Add(stream);
            return stream;
        }
    }

    private void AwaitRound(IncomingStream asking, uint round)
    {
        lock (_gate)
        {
            while (!AllEnded(round))
            {
                if (_disposed || asking.IsClosed) throw new IOException("the link ended");
                if (!Monitor.Wait(_gate, TimeSpan.FromSeconds(15))) throw new WireException(WireFault.OutOfOrder, $"End of round {round} before all streams ended it");
            }
        }
    }

    private bool AllEnded(uint round)
    {
        for (var i = 0; i < _streamCount; i++)
        {
            if (_roundEnded[i] != round) return false;
        }

        return true;
    }

    private static WireException Mismatch(string detail) => new(WireFault.DigestMismatch, detail);
}
