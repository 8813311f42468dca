using System.Text;
using System.Text.Json.Nodes;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Mock;

namespace Qemu.Tests.Protocol;

public sealed class QmpClientTests : IDisposable
{
    private static readonly QmpLimits Limits = new() { Greeting = TimeSpan.FromSeconds(10), LineBytesMax = 64 * 1024, PendingMax = 4 };

    private readonly string _directory = Directory.CreateTempSubdirectory("qmp").FullName;

    private string MonitorPath => Path.Combine(_directory, "m");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_client_negotiates_out_of_band_and_knows_whom_it_talks_to()
    {
        var said = new List<string>();
        await using var server = new MockQmpServer(MonitorPath, (command, arguments) =>
        {
            said.Add(command + arguments.ToJsonString());
            return Task.FromResult<JsonNode?>(new JsonObject());
        });
        await using var client = await ConnectAsync();
        Assert.Equal(["""qmp_capabilities{"enable":["oob"]}"""], said);
        Assert.True(client.OutOfBand);
        Assert.Equal(new Version(7, 2, 22), client.Version);
        Assert.Equal(Environment.ProcessId, client.PeerProcessId);
    }

    [Fact]
    public async Task Answers_find_their_command_in_any_order()
    {
        var first = new TaskCompletionSource<JsonNode?>();
        await using var server = new MockQmpServer(MonitorPath, (command, _) => command == "slow" ? first.Task : Task.FromResult<JsonNode?>(new JsonObject { ["name"] = command }));
        await using var client = await ConnectAsync();
        var slow = client.ExecuteAsync("slow");
        Assert.Equal("quick", (await client.ExecuteAsync("quick")).GetProperty("name").GetString());
        Assert.False(slow.IsCompleted);
        first.SetResult(new JsonObject { ["name"] = "slow" });
        Assert.Equal("slow", (await slow).GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_out_of_band_command_is_answered_while_the_main_loop_stands_still()
    {
        var mainLoop = new TaskCompletionSource<JsonNode?>();
        await using var server = new MockQmpServer(MonitorPath, (command, _) => command == "query-status" ? mainLoop.Task : Task.FromResult<JsonNode?>(new JsonObject()));
        await using var client = await ConnectAsync();
        var ordinary = client.ExecuteAsync("query-status");
        await client.ExecuteOutOfBandAsync("yank", new JsonObject { ["instances"] = new JsonArray() });
        Assert.False(ordinary.IsCompleted);
        mainLoop.SetResult(new JsonObject());
        await ordinary;
    }

    [Fact]
    public async Task A_refusal_names_command_class_and_description()
    {
        await using var server = new MockQmpServer(MonitorPath, (command, _) => command == "migrate"
            ? throw new MockRefusal("There's a migration process in progress") : Task.FromResult<JsonNode?>(null));
        await using var client = await ConnectAsync();
        var refused = await Assert.ThrowsAsync<QmpCommandException>(() => client.ExecuteAsync("migrate"));
        Assert.Equal(("GenericError", "There's a migration process in progress"), (refused.ErrorClass, refused.Description));
        Assert.StartsWith("migrate: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_client_gets_no_greeting_gives_up_and_does_not_block_the_next()
    {
        await using var server = new MockQmpServer(MonitorPath);
        var first = await ConnectAsync();
        var failure = await Assert.ThrowsAsync<QmpException>(() => ConnectAsync(Limits with { Greeting = TimeSpan.FromMilliseconds(50) }));
        Assert.Contains("no greeting", failure.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        await using var next = await ConnectAsync();
        Assert.False(next.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_late_greeting_is_waited_for()
    {
        var greets = new TaskCompletionSource();
        await using var server = new MockQmpServer(MonitorPath) { Greets = greets.Task };
        var connecting = ConnectAsync();
        Assert.False(connecting.IsCompleted);
        greets.SetResult();
        await using var client = await connecting;
        await client.ExecuteAsync("query-status");
    }

    [Fact]
    public async Task Nobody_listening_is_told_with_the_path()
    {
        var failure = await Assert.ThrowsAsync<QmpException>(() => ConnectAsync());
        Assert.Contains(MonitorPath, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"hello": 1}""")]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("")]
    public async Task A_first_line_that_is_no_greeting_is_refused(string line)
    {
        await using var server = new MockQmpServer(MonitorPath) { FirstLine = line };
        await Assert.ThrowsAsync<QmpException>(() => ConnectAsync());
    }

    [Theory]
    [InlineData("{\"return\": ")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"error": {"class": "GenericError", "desc": "JSON parse error"}}""")]
    public async Task A_line_that_is_no_QMP_closes_the_connection_and_fails_what_waits(string line)
    {
        await using var server = new MockQmpServer(MonitorPath, Unanswered);
        await using var client = await ConnectAsync();
        var waiting = client.ExecuteAsync("query-status");
        await server.SendLineAsync(line);
        await Assert.ThrowsAsync<QmpException>(() => waiting);
        Assert.NotEmpty(await client.Closed);
        await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("query-status"));
    }

    [Fact]
    public async Task A_line_beyond_the_bound_closes_the_connection()
    {
        await using var server = new MockQmpServer(MonitorPath, Unanswered);
        await using var client = await ConnectAsync();
        var waiting = client.ExecuteAsync("query-status");
        var flood = server.SendRawAsync(Encoding.UTF8.GetBytes(new string('x', 2 * Limits.LineBytesMax)));
        await Assert.ThrowsAsync<QmpException>(() => waiting);
        Assert.Contains("exceeds", await client.Closed, StringComparison.Ordinal);
        await flood;
    }

    [Fact]
    public async Task Nesting_beyond_the_bound_closes_the_connection()
    {
        await using var server = new MockQmpServer(MonitorPath, Unanswered);
        await using var client = await ConnectAsync();
        await server.SendLineAsync($$"""{"event": "X", "data": {{new string('[', 100)}}{{new string(']', 100)}}}""");
        Assert.Contains("JSON", await client.Closed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_answer_in_time_leaves_the_connection_and_the_late_answer_harms_nothing()
    {
        var late = new TaskCompletionSource<JsonNode?>();
        await using var server = new MockQmpServer(MonitorPath, (command, _) => command == "stuck" ? late.Task : Task.FromResult<JsonNode?>(new JsonObject()));
        await using var client = await ConnectAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => client.ExecuteAsync("stuck", timeout: TimeSpan.FromMilliseconds(20)));
        late.SetResult(new JsonObject());
        await client.ExecuteAsync("query-status");
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task Commands_beyond_the_bound_are_refused_here_and_the_rest_goes_on()
    {
        var answer = new TaskCompletionSource<JsonNode?>();
        await using var server = new MockQmpServer(MonitorPath, (command, _) => command == "stuck" ? answer.Task : Task.FromResult<JsonNode?>(new JsonObject()));
        await using var client = await ConnectAsync();
        var waiting = Enumerable.Range(0, Limits.PendingMax).Select(_ => client.ExecuteAsync("stuck")).ToArray();
        await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("one too many"));
        answer.SetResult(new JsonObject());
        await Task.WhenAll(waiting);
        await client.ExecuteAsync("query-status");
    }

    [Fact]
    public async Task Events_come_in_order_with_the_time_QEMU_gave_them()
    {
        var told = new List<QmpEvent>();
        var three = new TaskCompletionSource();
        await using var server = new MockQmpServer(MonitorPath);
        await using var client = await QmpClient.ConnectAsync(MonitorPath, e =>
        {
            told.Add(e);
            if (told.Count == 3) three.SetResult();
        }, Limits, TimeProvider.System, CancellationToken.None);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        await server.SendEventAsync("STOP", at: at);
        await server.SendEventAsync("MIGRATION", new JsonObject { ["status"] = "completed" }, at.AddMilliseconds(7));
        await server.SendLineAsync("""{"event": "NO_STAMP", "timestamp": {"seconds": "soon"}}""");
        await three.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["STOP", "MIGRATION", "NO_STAMP"], told.Select(e => e.Name));
        Assert.Equal((at, at.AddMilliseconds(7)), (told[0].At, told[1].At));
        Assert.Equal("completed", told[1].Text("status"));
        Assert.Null(told[0].Text("status"));
    }

    [Fact]
    public async Task A_monitor_that_hangs_up_fails_what_waits()
    {
        await using var server = new MockQmpServer(MonitorPath, Unanswered);
        await using var client = await ConnectAsync();
        var waiting = client.ExecuteAsync("query-migrate");
        server.Hangup();
        await Assert.ThrowsAsync<QmpException>(() => waiting);
    }

    private static Task<JsonNode?> Unanswered(string command, JsonObject arguments) =>
        command == "qmp_capabilities" ? Task.FromResult<JsonNode?>(new JsonObject()) : new TaskCompletionSource<JsonNode?>().Task;

    private Task<QmpClient> ConnectAsync(QmpLimits? limits = null) =>
        QmpClient.ConnectAsync(MonitorPath, _ => { }, limits ?? Limits, TimeProvider.System, CancellationToken.None);
}
