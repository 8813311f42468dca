using System.Text.Json;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Linux;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Engine.Guests;

/// <summary>
/// An agent's connection to one guest-holder: requests one at a time, from any thread, and word of the holder's death.
/// The holder serves one agent after another; losing this link changes nothing for the guest.
/// </summary>
public sealed class GuestLink : IDisposable
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

    private readonly UnixChannel _channel;
    private readonly Lock _oneAtATime = new();
    private readonly object _gate = new();
    private readonly Thread _reader;
    private string? _answer;
    private List<SafeFileHandle> _files = [];
    private Action? _lost;
    private bool _ended;
    private volatile bool _disposed;

    private GuestLink(UnixChannel channel)
    {
        _channel = channel;
        _reader = new Thread(Read) { IsBackground = true, Name = "guest-link" };
    }

    /// <summary>Process number of the holder, from the kernel.</summary>
    public int Process => _channel.PeerProcess;

    /// <exception cref="IOException">Nobody listens there.</exception>
    public static GuestLink Connect(string socketPath)
    {
        var link = new GuestLink(UnixChannel.Connect(socketPath));
        link._reader.Start();
        return link;
    }

    /// <summary>
    /// What to do once the holder goes away without our asking; null for nothing. Called once, on a thread of this link, or at once if
    /// it is gone already: a dying process may have let us connect.
    /// </summary>
    public void WhenLost(Action? action)
    {
        lock (_gate)
        {
            _lost = action;
            if (!_ended || _disposed) return;
        }

        action?.Invoke();
    }

    public HolderStatus Status() => Ask(new HolderRequest("status"));

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="IOException">The holder is gone or does not answer.</exception>
    /// <exception cref="HolderRefusedException">It said no; nothing has changed.</exception>
    public HolderStatus Ask(HolderRequest request)
    {
        lock (_oneAtATime) return AskNow(request);
    }

    /// <summary>The guest's memory and bitmaps, mapped here. The caller disposes the result.</summary>
    /// <param name="writable">A destination writes the guest's memory; a source only reads it.</param>
    public GuestMemory Files(bool writable)
    {
        lock (_oneAtATime)
        {
            var status = AskNow(new HolderRequest("files"));
            var files = Interlocked.Exchange(ref _files, []);
            if (files.Count != 3)
            {
                files.ForEach(f => f.Dispose());
                throw new IOException($"the guest-holder sent {files.Count} files instead of 3");
            }

            var bitmapLength = PageBitmap.FileLength(status.Memory);
            return new GuestMemory(
                MemoryFile.Attach(files[0], status.Memory, writable),
                MemoryFile.Attach(files[1], bitmapLength, writable: true),
                MemoryFile.Attach(files[2], bitmapLength, writable: true));
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _channel.Shutdown();
        if (Thread.CurrentThread != _reader) _reader.Join();
        _channel.Dispose();
        foreach (var file in _files) file.Dispose();
    }

    private HolderStatus AskNow(HolderRequest request)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(request, HolderJson.Default.HolderRequest);
        lock (_gate)
        {
            if (_ended) throw new IOException("the guest-holder is gone");
            _answer = null;
        }

        _channel.WriteLine(line);
        var reply = JsonSerializer.Deserialize(Await(request.Command), HolderJson.Default.HolderReply) ?? throw new IOException("empty answer");
        return reply.Error is null ? reply.Status : throw new HolderRefusedException(reply.Error, reply.Status);
    }

    private string Await(string command)
    {
        lock (_gate)
        {
            while (_answer is null)
            {
                if (_ended) throw new IOException("the guest-holder is gone");
                if (!Monitor.Wait(_gate, AnswerMax)) throw new IOException($"the guest-holder does not answer '{command}' within {AnswerMax.TotalSeconds:0} s");
            }

            return _answer;
        }
    }

    private void Read()
    {
        try
        {
            while (_channel.ReadLine(_files) is { } line)
            {
                lock (_gate)
                {
                    _answer = line;
                    Monitor.PulseAll(_gate);
                }
            }
        }
        catch (IOException)
        {
            // Same as an end of stream.
        }

        Action? lost;
        lock (_gate)
        {
            _ended = true;
            lost = _disposed ? null : _lost;
            Monitor.PulseAll(_gate);
        }

        lost?.Invoke();
    }
}
