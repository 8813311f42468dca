using System.Collections;
using Coordinator.Server.Hosting;
using Lab.Servers;

namespace Server.Tests;

/// <summary><c>coordinator schema</c> as its operator meets it.</summary>
public sealed class SchemaCommandTests : IDisposable
{
    private readonly PostgresServer _server = new("-c", "fsync=off");
    private readonly Hashtable _environment = [];

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("usage: coordinator schema status", 2)]
    [InlineData("usage: coordinator schema status", 2, "drop")]
    [InlineData("Coordinator:Postgres:Connection is not set", 78, "status")]
    [InlineData("--to has no value", 78, "migrate", "--to")]
    [InlineData("Coordinator:Postgres:Conection is not a setting", 78, "status", "--Postgres:Conection", "x")]
    public void What_is_not_understood_is_one_line_with_its_exit_code(string words, int code, params string[] arguments)
    {
        var (exit, output, errors) = Run(arguments);

        Assert.Equal((code, ""), (exit, output));
        Assert.StartsWith(words, errors);
        Assert.Equal(1, errors.Count(c => c == '\n'));
    }

    [Fact]
    public void A_server_that_cannot_be_reached_is_no_fault_of_the_settings()
    {
        _environment["Coordinator__Postgres__Connection"] = "Host=127.0.0.1;Port=1;Database=fleet;Username=u";

        var (exit, _, errors) = Run("status");

        Assert.Equal(69, exit);
        Assert.StartsWith("cannot reach PostgreSQL 127.0.0.1:1 database fleet", errors);
    }

    [PostgresFact]
    public void A_database_is_migrated_looked_at_taken_back_and_migrated_again()
    {
        _server.Start();
        _environment["Coordinator__Postgres__Connection"] = _server.ConnectionString();
        _environment["Coordinator__Shards"] = "8";

        Assert.Equal(1, Run("status").Exit);
        Assert.Contains("  8 shards, 0 events\n", Run("migrate").Output);
        Assert.Equal(0, Run("status").Exit);
        Assert.Contains("schema version 0", Run("migrate", "--to", "0").Output);
        var (exit, _, errors) = Run("migrate", "--to", "4711");
        Assert.Equal((78, true), (exit, errors.StartsWith("--to 4711: must be a version from 0 to ", StringComparison.Ordinal)));
        Assert.Equal(0, Run("migrate").Exit);
    }

    private (int Exit, string Output, string Errors) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (SchemaCommand.Run(arguments, _environment, "/nowhere/appsettings.json", output, errors), output.ToString(), errors.ToString());
    }
}
