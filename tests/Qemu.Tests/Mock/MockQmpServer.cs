using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Qemu.Tests.Mock;

/// <summary>
/// A QMP monitor at protocol level, as QEMU 7.2 behaves: one client at a time (the next is accepted by the kernel but gets no greeting), answers by
/// id, events unasked, out-of-band commands answered even while ordinary ones wait.
/// </summary>
internal sealed class MockQmpServer : IAsyncDisposable
{
    public const string Greeting =
        """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "mock"}, "capabilities": ["oob"]}}""";

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<string, JsonObject, Task<JsonNode?>> _carryOut;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly Lock _lock = new();
    private NetworkStream? _client;

    /// <param name="carryOut">Gives the <c>return</c> of a command; throws <see cref="MockRefusal"/> to refuse.</param>
    public MockQmpServer(string path, Func<string, JsonObject, Task<JsonNode?>>? carryOut = null)
    {
        Path = path;
        _carryOut = carryOut ?? ((_, _) => Task.FromResult<JsonNode?>(new JsonObject()));
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(4);
        // Not on the test framework's few threads: a test that blocks one must not stop its server.
        _serving = Task.Run(ServeAsync);
    }

    public string Path { get; }

    /// <summary>First line sent to a client.</summary>
    public string FirstLine { get; set; } = Greeting;

    /// <summary>The greeting waits for it.</summary>
    public Task Greets { get; set; } = Task.CompletedTask;

    /// <summary>Clients served so far.</summary>
    public int Served { get; private set; }

    public Task SendLineAsync(string line) => SendRawAsync(Encoding.UTF8.GetBytes(line + "\n"));

    public async Task SendRawAsync(byte[] bytes)
    {
        NetworkStream? client;
        lock (_lock) client = _client;
        if (client is null) return; // events are not replayed
        try
        {
            await client.WriteAsync(bytes);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // The client has left.
        }
    }

    public Task SendEventAsync(string name, JsonObject? data = null, DateTimeOffset? at = null)
    {
        var stamp = (at ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds();
        var message = new JsonObject
        {
            ["event"] = name,
            ["timestamp"] = new JsonObject { ["seconds"] = stamp / 1000, ["microseconds"] = stamp % 1000 * 1000 },
        };
        if (data is not null) message["data"] = data;
        return SendLineAsync(message.ToJsonString());
    }

    /// <summary>Ends the present client's connection.</summary>
    public void Hangup()
    {
        try
        {
            lock (_lock) _client?.Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The client has left.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Hangup();
        await _serving;
        _stop.Dispose();
        File.Delete(Path);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptAsync(_stop.Token);
                using var stream = new NetworkStream(socket);
                await Greets.WaitAsync(_stop.Token);
                lock (_lock) _client = stream;
                await ServeAsync(stream);
                lock (_lock) _client = null;
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        try
        {
            await SendLineAsync(FirstLine);
            Served++;
            using var reader = new StreamReader(stream, leaveOpen: true);
            while (await reader.ReadLineAsync(_stop.Token) is { } line) _ = AnswerAsync(JsonNode.Parse(line)!.AsObject());
        }
        catch (IOException)
        {
            // The client has left.
        }
    }

    private async Task AnswerAsync(JsonObject request)
    {
        var outOfBand = request["exec-oob"] is not null;
        var command = (request["exec-oob"] ?? request["execute"])!.GetValue<string>();
        var id = request["id"]?.DeepClone();
        try
        {
            var result = await _carryOut((outOfBand ? "oob:" : "") + command, request["arguments"]?.AsObject() ?? []);
            await SendLineAsync(new JsonObject { ["return"] = result?.DeepClone() ?? new JsonObject(), ["id"] = id }.ToJsonString());
        }
        catch (MockRefusal refusal)
        {
            await SendLineAsync(new JsonObject { ["id"] = id, ["error"] = new JsonObject { ["class"] = refusal.ErrorClass, ["desc"] = refusal.Message } }.ToJsonString());
        }
    }
}

internal sealed class MockRefusal(string description, string errorClass = "GenericError") : Exception(description)
{
    public string ErrorClass { get; } = errorClass;
}
