using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// One connection to a QMP monitor, out-of-band commands enabled. Answers find their command by id, so commands may overlap; events go to
/// the handler given at connection, in order, on the reading task: it must return at once. No answer is never a sign of death: while QEMU
/// sends its last state it answers out-of-band commands only.
/// </summary>
public sealed class QmpClient : IAsyncDisposable
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly QmpLimits _limits;
    private readonly TimeProvider _time;
    private readonly Action<QmpEvent> _onEvent;
    private readonly QmpLineReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<long, Pending> _pending = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastId;
    private Task _reading = Task.CompletedTask;

    private QmpClient(Socket socket, QmpLimits limits, TimeProvider time, Action<QmpEvent> onEvent)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _limits = limits;
        _time = time;
        _onEvent = onEvent;
        _reader = new QmpLineReader(_stream, limits.LineBytesMax);
        PeerProcessId = ReadPeerProcessId(socket);
    }

    /// <summary>Process that opened the monitor's socket: QEMU's. It identifies the process better than a pid file, which may be stale.</summary>
    public int PeerProcessId { get; }

    /// <summary>QEMU's version from the greeting.</summary>
    public Version Version { get; private set; } = new(0, 0);

    /// <summary>Whether out-of-band commands work on this monitor.</summary>
    public bool OutOfBand { get; private set; }

    /// <summary>Ends with the reason when the connection is closed, by whichever side. Never faults.</summary>
    public Task<string> Closed => _closed.Task;

    /// <summary>Connects, reads the greeting, negotiates.</summary>
    /// <exception cref="QmpException">
    /// Nobody listens, no greeting in time (another client holds the monitor), or not QMP. The attempt is closed, so it blocks nobody. Safe to repeat.
    /// </exception>
    public static async Task<QmpClient> ConnectAsync(
        string path, Action<QmpEvent> onEvent, QmpLimits limits, TimeProvider time, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(limits.Greeting, time);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QmpClient? client = null;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), timeout.Token).ConfigureAwait(false);
            client = new QmpClient(socket, limits, time, onEvent);
            await client.NegotiateAsync(timeout.Token).ConfigureAwait(false);
            return client;
        }
        catch (Exception failure) when (failure is SocketException or IOException or JsonException or OperationCanceledException or ObjectDisposedException)
        {
            if (client is not null) await client.DisposeAsync().ConfigureAwait(false);
            else socket.Dispose();
            stop.ThrowIfCancellationRequested();
            throw failure as QmpException ?? new QmpException(
                failure is OperationCanceledException
                    ? $"{path}: no greeting within {limits.Greeting.TotalSeconds:0.#} s (another client holds this monitor, or QEMU is busy)"
                    : $"{path}: {failure.Message}",
                failure);
        }
    }

    /// <summary>The process behind a monitor, also of one that does not speak; null if nobody listens.</summary>
    public static int? ProcessBehind(string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return ReadPeerProcessId(socket);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Runs a command and gives its <c>return</c>.</summary>
    /// <param name="timeout">How long to wait for the answer; null waits as long as the connection lives.</param>
    /// <exception cref="QmpCommandException">QEMU refused it.</exception>
    /// <exception cref="QmpException">The connection ended first; unknown whether it was carried out.</exception>
    /// <exception cref="TimeoutException">No answer in time; the command stays queued in QEMU and may still be carried out.</exception>
    public Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments = null, TimeSpan? timeout = null, CancellationToken stop = default) =>
        SendAsync("execute", command, arguments, timeout, stop);

    /// <summary>The same, out of band: answered even while QEMU's main loop stands still. Only for commands that allow it (<c>yank</c>, <c>migrate-pause</c>…).</summary>
    public Task<JsonElement> ExecuteOutOfBandAsync(string command, JsonObject? arguments = null, TimeSpan? timeout = null, CancellationToken stop = default) =>
        SendAsync("exec-oob", command, arguments, timeout, stop);

    public async ValueTask DisposeAsync()
    {
        Close("closed by this side");
        await _reading.ConfigureAwait(false);
        _writing.Dispose();
        _stop.Dispose();
    }

    private async Task NegotiateAsync(CancellationToken stop)
    {
        var line = await _reader.ReadAsync(stop).ConfigureAwait(false) ?? throw new QmpException("the monitor closed before its greeting");
        using (var greeting = JsonDocument.Parse(line))
        {
            var qmp = greeting.RootElement.Member("QMP");
            if (qmp.ValueKind != JsonValueKind.Object) throw new QmpException("the first line is no QMP greeting");
            Version = ReadVersion(qmp.Member("version").Member("qemu"));
            OutOfBand = qmp.Member("capabilities").Items().Any(o => o.ValueKind == JsonValueKind.String && o.GetString() == "oob");
        }

        _reading = ReadAllAsync();
        var arguments = OutOfBand ? new JsonObject { ["enable"] = new JsonArray("oob") } : null;
        await SendAsync("execute", "qmp_capabilities", arguments, null, stop).ConfigureAwait(false);
    }

    private async Task<JsonElement> SendAsync(string verb, string command, JsonObject? arguments, TimeSpan? timeout, CancellationToken stop)
    {
        var pending = new Pending(command);
        long id;
        lock (_pending)
        {
            if (_closed.Task.IsCompleted) throw new QmpException($"{command}: the monitor is closed: {_closed.Task.Result}");
            if (_pending.Count >= _limits.PendingMax) throw new QmpException($"{command}: {_pending.Count} commands wait for an answer already");
            id = ++_lastId;
            _pending.Add(id, pending);
        }

        try
        {
            var message = new JsonObject { [verb] = command, ["id"] = id };
            if (arguments is not null) message["arguments"] = arguments;
            await WriteAsync(JsonSerializer.SerializeToUtf8Bytes(message, QmpJson.Default.JsonObject), stop).ConfigureAwait(false);
            return timeout is { } limit
                ? await pending.Answer.Task.WaitAsync(limit, _time, stop).ConfigureAwait(false)
                : await pending.Answer.Task.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{command}: no answer in {timeout!.Value.TotalSeconds:0.#} s");
        }
        finally
        {
            lock (_pending) _pending.Remove(id);
        }
    }

    private async Task WriteAsync(byte[] line, CancellationToken stop)
    {
        await _writing.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            // QMP takes any white space between objects; a line end keeps captures readable.
            await _stream.WriteAsync((byte[])[.. line, (byte)'\n'], _stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Close(failure.Message);
            throw new QmpException("the monitor is closed: " + failure.Message, failure);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAllAsync()
    {
        var reason = "the monitor closed the connection";
        try
        {
            while (await _reader.ReadAsync(_stop.Token).ConfigureAwait(false) is { } line) Take(line);
        }
        catch (Exception failure) when (failure is IOException or SocketException or JsonException or ObjectDisposedException or OperationCanceledException)
        {
            reason = failure is JsonException ? "the monitor sent a line that is no JSON: " + failure.Message : failure.Message;
        }

        Close(reason);
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        if (line.Span.Trim(" \r\t"u8).IsEmpty) return;
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 64 });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("not an object");
        if (root.Text("event") is { } name) _onEvent(new QmpEvent(name, Copy(root.Member("data")), StampOf(root)));
        else if (root.Number("id") is { } id) Answer(id, root);
        else if (root.Member("error").Text("desc") is { } complaint) throw new QmpException("QEMU did not understand a line: " + complaint);
    }

    // Outlives the line it came with.
    private static JsonElement Copy(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? default : element.Clone();

    private void Answer(long id, JsonElement root)
    {
        Pending? pending;
        lock (_pending) _pending.TryGetValue(id, out pending);
        if (pending is null) return; // given up on earlier
        if (root.Member("error") is { ValueKind: JsonValueKind.Object } error)
        {
            var (errorClass, description) = (error.Text("class") ?? "unknown", error.Text("desc") ?? "no reason given");
            pending.Answer.TrySetException(new QmpCommandException(pending.Command, errorClass, description));
        }
        else
        {
            pending.Answer.TrySetResult(Copy(root.Member("return")));
        }
    }

    private void Close(string reason)
    {
        Pending[] waiting;
        lock (_pending)
        {
            if (!_closed.TrySetResult(reason)) return;
            waiting = [.. _pending.Values];
        }

        _stop.Cancel();
        _stream.Dispose();
        foreach (var pending in waiting) pending.Answer.TrySetException(new QmpException($"{pending.Command}: {reason}"));
    }

    private DateTimeOffset StampOf(JsonElement root)
    {
        var stamp = root.Member("timestamp");
        if (stamp.Number("seconds") is not (> 0 and < 253_402_300_799 and var seconds)) return _time.GetUtcNow();
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(Math.Clamp(stamp.Number("microseconds") ?? 0, 0, 999_999));
    }

    private static Version ReadVersion(JsonElement qemu)
    {
        int Part(string name) => qemu.Number(name) is >= 0 and <= int.MaxValue and var number ? (int)number : 0;
        return new Version(Part("major"), Part("minor"), Part("micro"));
    }

    private static int ReadPeerProcessId(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReadInt32LittleEndian(credentials) : BinaryPrimitives.ReadInt32BigEndian(credentials);
    }

    /// <summary>For messages only.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"QEMU {Version}, process {PeerProcessId}");

    private sealed record Pending(string Command)
    {
        public TaskCompletionSource<JsonElement> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
