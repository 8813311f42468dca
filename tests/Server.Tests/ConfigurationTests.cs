using System.Collections;
using Coordinator.Server.Configuration;

namespace Server.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var file = File_("""{ "Coordinator": { "Node": "from-file", "Shards": 8, "Hub": { "Port": 1 } } }""");

        var options = Read(["--Node", "from-line"], [("Coordinator__Node", "from-env"), ("Coordinator__Shards", "16")], file);

        Assert.Equal("from-line", options.Node);
        Assert.Equal(16, options.Shards);
        Assert.Equal(1, options.Hub.Port);
        Assert.Equal(7400, options.Http.Port);
    }

    [Fact]
    public void A_misspelt_key_in_the_environment_names_itself_its_place_and_what_was_meant() => Refuses(
        "Coordinator:Http:Prot is not a setting (from environment Coordinator__Http__Prot); did you mean Coordinator:Http:Port?",
        env: [("Coordinator__Http__Prot", "7400")]);

    [Fact]
    public void A_misspelt_key_on_the_command_line_is_refused() => Refuses(
        "Coordinator:Stroe is not a setting (from command line --Stroe); did you mean Coordinator:Store?", args: ["--Stroe=sqlite"]);

    [Fact]
    public void A_misspelt_key_in_the_file_is_refused()
    {
        var file = File_("""{ "Coordinator": { "Log": { "Formet": "json" } } }""");
        Refuses($"Coordinator:Log:Formet is not a setting (from {file}); did you mean Coordinator:Log:Format?", file: file);
    }

    [Theory]
    [InlineData("Coordinator__Shards", "0", "Coordinator:Shards = '0': must be a whole number from 1 to 4096 (from environment Coordinator__Shards)")]
    [InlineData("Coordinator__Http__Port", "seven", "Coordinator:Http:Port = 'seven': must be a whole number from 0 to 65535 (from environment Coordinator__Http__Port)")]
    [InlineData("Coordinator__Http__Port", "65536", "Coordinator:Http:Port = '65536': must be a whole number from 0 to 65535 (from environment Coordinator__Http__Port)")]
    [InlineData("Coordinator__Store", "mysql", "Coordinator:Store = 'mysql': must be sqlite or postgres (from environment Coordinator__Store)")]
    [InlineData("Coordinator__Http__Address", "localhost", "Coordinator:Http:Address = 'localhost': must be an IP address (from environment Coordinator__Http__Address)")]
    [InlineData("Coordinator__Node", "Upper Case", "Coordinator:Node = 'Upper Case': must be a name: 1 to 63 of a-z 0-9 . - (from environment Coordinator__Node)")]
    public void A_bad_value_says_what_is_allowed(string name, string value, string message) => Refuses(message, env: [(name, value)]);

    [Fact]
    public void An_address_beyond_loopback_is_refused_without_operator_certificates() => Refuses(
        "Coordinator:Http:Address = '0.0.0.0': only a loopback address is served without operator certificates; set Coordinator:Http:ClientCertificates to required (from environment Coordinator__Http__Address)",
        env: [("Coordinator__Http__Address", "0.0.0.0")]);

    [Fact]
    public void A_missing_certificate_file_is_named() => Refuses(
        "Coordinator:Tls:Key = '/nowhere/node.key': there is no such file (from command line --Tls:Key)", args: ["--Tls:Key", "/nowhere/node.key"]);

    [Fact]
    public void A_broken_file_is_one_line()
    {
        var file = File_("{ \"Coordinator\": \n nonsense }");
        var problem = Assert.Throws<ConfigurationProblemException>(() => Read([], [], file));
        Assert.StartsWith("cannot read " + file, problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public void The_shared_store_without_an_address_is_refused_with_every_place_to_set_it() => Refuses(
        "Coordinator:Postgres:Connection is not set: it must be a connection string: Host=…;Database=…;Username=… (environment Coordinator__Postgres__Connection, command line --Postgres:Connection)",
        env: [("Coordinator__Store", "postgres")]);

    [Fact]
    public void Sharing_without_a_shared_store_is_refused() => Refuses(
        "Coordinator:Bus = 'postgres' needs Coordinator:Store = postgres (from environment Coordinator__Bus)", env: [("Coordinator__Bus", "postgres")]);

    [Fact]
    public void A_password_on_the_command_line_is_refused_and_not_repeated() => Refuses(
        "Coordinator:Postgres:Connection holds a password, and every user can read command lines (from command line --Postgres:Connection): set Coordinator:Postgres:PasswordFile instead",
        args: ["--Store", "postgres", "--Postgres:Connection", "Host=db;Password=hidden"]);

    [Fact]
    public void A_password_comes_from_the_first_line_of_its_file()
    {
        var file = File_("secret\n");

        var options = Read(["--Store", "postgres", "--Postgres:PasswordFile", file], [("Coordinator__Postgres__Connection", "Host=db;Database=fleet")], null);

        Assert.Equal(new PostgresSettings("Host=db;Database=fleet", "secret"), options.Postgres);
    }

    [Fact]
    public void A_password_file_that_is_not_there_is_named() => Refuses(
        "Coordinator:Postgres:PasswordFile = '/nowhere/password': Could not find a part of the path '/nowhere/password'. (from environment Coordinator__Postgres__PasswordFile)",
        env: [("Coordinator__Store", "postgres"), ("Coordinator__Postgres__Connection", "Host=db"), ("Coordinator__Postgres__PasswordFile", "/nowhere/password")]);

    [Theory]
    [InlineData("", "must be the broker's nodes, separated by commas: amqps://rmq-1/lm,amqps://rmq-2/lm")]
    [InlineData("http://rmq", "must be the broker's nodes, separated by commas: amqps://rmq-1/lm,amqps://rmq-2/lm")]
    [InlineData("amqps://me:hidden@rmq", "no user or password belongs there: set Coordinator:RabbitMq:User and Coordinator:RabbitMq:PasswordFile")]
    [InlineData("amqp://rmq", "rmq is another machine, and amqp:// is not encrypted: use amqps://")]
    [InlineData("amqps://rmq-1/lm,amqps://rmq-2/other", "all must have one scheme and one virtual host")]
    [InlineData("amqp://127.0.0.1", "without TLS there is no certificate to know this node by: set Coordinator:RabbitMq:PasswordFile, or use amqps")]
    public void A_brokers_address_that_cannot_be_used_is_refused_and_not_repeated(string endpoints, string words) => Refuses(
        $"Coordinator:RabbitMq:Endpoints: {words} (from environment Coordinator__RabbitMq__Endpoints)",
        env: [.. OnRabbitMq(), ("Coordinator__RabbitMq__Endpoints", endpoints.Length > 0 ? endpoints : "rmq")]);

    [Fact]
    public void A_broker_is_found_with_the_user_and_the_password_of_its_file()
    {
        var options = Read(["--RabbitMq:PasswordFile", File_("secret\n"), "--RabbitMq:User", "runner"], [.. OnRabbitMq(), ("Coordinator__RabbitMq__Endpoints", "amqps://rmq-1/lm, amqps://rmq-2:5672/lm")], null);

        Assert.True(options.Shared);
        Assert.Equal(("runner", "secret", options.TlsCaBundle), (options.RabbitMq!.User, options.RabbitMq.Password, options.RabbitMq.CaBundle));
        Assert.Equal([new Uri("amqps://rmq-1/lm"), new Uri("amqps://rmq-2:5672/lm")], options.RabbitMq.Endpoints);
    }

    [Fact]
    public void A_broker_without_a_shared_store_is_refused() => Refuses(
        "Coordinator:Bus = 'rabbitmq' needs Coordinator:Store = postgres (from environment Coordinator__Bus)",
        env: [("Coordinator__Bus", "rabbitmq"), ("Coordinator__RabbitMq__Endpoints", "amqps://rmq-1")]);

    private static (string, string)[] OnRabbitMq() => [("Coordinator__Store", "postgres"), ("Coordinator__Postgres__Connection", "Host=db"), ("Coordinator__Bus", "rabbitmq")];

    [Fact]
    public void An_argument_without_a_value_is_refused() => Refuses("Node has no value (from command line --Node)", args: ["--Node"]);

    private void Refuses(string message, string[]? args = null, (string, string)[]? env = null, string? file = null) =>
        Assert.Equal(message, Assert.Throws<ConfigurationProblemException>(() => Read(args ?? [], env ?? [], file)).Message);

    private CoordinatorOptions Read(string[] args, (string Name, string Value)[] env, string? file)
    {
        var environment = new Hashtable(_cluster.Environment());
        environment.Remove("Coordinator__Http__Port");
        environment.Remove("Coordinator__Hub__Port");
        foreach (var (name, value) in env) environment[name] = value;
        return ConfigReader.Read(args, environment, file ?? _cluster.File_("none.json"));
    }

    private string File_(string content)
    {
        var path = _cluster.File_("appsettings.json");
        File.WriteAllText(path, content);
        return path;
    }
}
