using HostNode.Agent.Configuration;

namespace Agent.Tests.Configuration;

public sealed class AgentConfigTests : IDisposable
{
    private const string Good = """
        { "Dir": "/var/lib/lm", "Host": "host-a", "Coordinators": ["wss://c1:7443", "wss://c2:7443/other"], "Address": "10.0.0.1", "PeerPort": 7445,
          "Certificates": { "Certificate": "a.pem", "Key": "a.key", "CaBundle": "ca.pem" }, "Memory": 1073741824, "Cpus": 4, "Drivers": ["native", "qemu"] }
        """;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_file_is_read_and_the_hubs_path_is_added_where_none_is_named()
    {
        var config = Read(Good);

        Assert.Equal("host-a", config.Host.Value);
        Assert.Equal(["wss://c1:7443/hub", "wss://c2:7443/other"], config.Coordinators.Select(uri => uri.ToString()));
        Assert.Equal("a.key", config.Key);
        Assert.Equal(1L << 30, config.Memory.Value);
        Assert.Equal(["native", "qemu"], config.Drivers);
        Assert.False(config.PlainMemory);
    }

    [Fact]
    public void Variables_override_values_and_whole_lists()
    {
        var config = Read(Good, ("HostAgent__Certificates__Key", "b.key"), ("HostAgent__Drivers", "fake, native"), ("HostAgent__PeerPort", "0"), ("Unrelated__Key", "x"));

        Assert.Equal("b.key", config.Key);
        Assert.Equal(["fake", "native"], config.Drivers);
        Assert.Equal(0, config.PeerPort);
    }

    [Theory]
    [InlineData("\"PeerPort\"", "\"Peerport\"", "unknown key Peerport", "did you mean PeerPort?")]
    [InlineData("\"Key\": \"a.key\"", "\"Key\": \"a.key\", \"Certifcate\": 1", "unknown key Certificates.Certifcate", "did you mean Certificates.Certificate?")]
    public void A_misspelt_key_is_named_with_its_file_and_the_nearest_right_one(string right, string wrong, string path, string hint)
    {
        var message = Refused(Good.Replace(right, wrong, StringComparison.Ordinal));

        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains(_file, message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misspelt_variable_is_named() =>
        Assert.Contains("environment variable HostAgent__PeerPrt", RefusedWith(("HostAgent__PeerPrt", "1")), StringComparison.Ordinal);

    [Theory]
    [InlineData("HostAgent__PeerPort", "70000", "PeerPort: '70000' is not a whole number from 0 to 65535 (from environment variable HostAgent__PeerPort)")]
    [InlineData("HostAgent__Host", "Host A", "Host: 'Host A' is not a host name")]
    [InlineData("HostAgent__Address", "nowhere", "Address: 'nowhere' is not an IP address")]
    [InlineData("HostAgent__Drivers", "xen", "Drivers: 'xen' is none of native, qemu, fake")]
    [InlineData("HostAgent__Coordinators", "http://c1", "Coordinators.0: 'http://c1' is not a wss address")]
    [InlineData("HostAgent__PlainMemory", "yes", "PlainMemory: 'yes' is not true or false")]
    [InlineData("HostAgent__Dir", "", "Dir is missing")]
    public void A_wrong_value_is_named_with_its_key_and_origin(string variable, string value, string expected)
    {
        var message = RefusedWith((variable, value));

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public void A_file_that_is_no_object_is_refused_by_name(string text) => Assert.Contains(_file, Refused(text), StringComparison.Ordinal);

    private AgentConfig Read(string text, params (string, string)[] environment)
    {
        File.WriteAllText(_file, text);
        return AgentConfig.Read(_file, environment.Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2)));
    }

    private string Refused(string text) => Assert.Throws<ConfigException>(() => Read(text)).Message;

    private string RefusedWith((string, string) variable) => Assert.Throws<ConfigException>(() => Read(Good, variable)).Message;
}
