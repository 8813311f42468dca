using System.Net;
using System.Net.Sockets;

namespace Server.Tests;

/// <summary>The process as its operator meets it: one readable line and 78 when it cannot start, and a quick, clean stop.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task A_misspelt_setting_ends_in_one_line_and_78()
    {
        using var server = ServerProcess.Start(_cluster.Environment().Append(new("Coordinator__Http__Prot", "1")));

        var (code, error) = await server.EndedAsync();

        Assert.Equal(78, code);
        Assert.Equal("config error: Coordinator:Http:Prot is not a setting (from environment Coordinator__Http__Prot); did you mean Coordinator:Http:Port?\n", error);
    }

    [Fact]
    public async Task A_port_in_use_ends_in_one_line_and_78_and_does_not_touch_the_store()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var server = ServerProcess.Start(_cluster.Environment(), "--Http:Port", $"{port}");

        var (code, error) = await server.EndedAsync();

        Assert.Equal(78, code);
        Assert.Equal($"config error: Coordinator:Http:Port = {port}: cannot listen on 127.0.0.1:{port}: Address already in use; stop the other program or choose another port\n", error);
        Assert.False(File.Exists(_cluster.File_("store.db")));
    }

    [Fact]
    public async Task A_certificate_of_another_node_ends_in_one_line_and_78()
    {
        using var server = ServerProcess.Start(_cluster.Environment(), "--Node", "node-2");

        var (code, error) = await server.EndedAsync();

        Assert.Equal(78, code);
        Assert.Equal($"config error: Coordinator:Tls:Certificate = '{_cluster.File_("node.pem")}': is the certificate of coordinator/node-1, this node is coordinator/node-2\n", error);
    }

    [Fact]
    public async Task A_store_that_is_no_database_ends_in_one_line_and_78()
    {
        await File.WriteAllTextAsync(_cluster.File_("store.db"), string.Concat(Enumerable.Repeat("this is no database at all. ", 500)));
        using var server = ServerProcess.Start(_cluster.Environment());

        var (code, error) = await server.EndedAsync();

        Assert.Equal(78, code);
        Assert.StartsWith("config error: ", error);
        Assert.Contains(_cluster.File_("store.db"), error);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_second_process_started_by_mistake_leaves_the_first_alone()
    {
        using var first = ServerProcess.Start(_cluster.Environment());
        var (http, _) = await first.ServingAsync(_cluster.File_("ready.json"));
        using var second = ServerProcess.Start(_cluster.Environment(), "--Http:Port", new Uri(http).Port.ToString());

        Assert.Equal(78, (await second.EndedAsync()).Code);

        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(http + "/readyz")).StatusCode);
    }

    [Fact]
    public async Task Sigterm_ends_it_with_zero_although_connections_are_open()
    {
        using var server = ServerProcess.Start(_cluster.Environment());
        var (http, hub) = await server.ServingAsync(_cluster.File_("ready.json"));
        using var client = new HttpClient();
        await client.GetAsync(http + "/livez");
        using var agent = await HubClient.AdmittedAsync(hub, _cluster.IssueHost("host-a"), "host-a");

        server.Signal("TERM");

        Assert.Equal("stopping", await agent.ClosedAsync());
        Assert.Equal(0, (await server.EndedAsync()).Code);
    }
}
