namespace Cluster.Tests.Given;

/// <summary>One cluster of two hosts for all tests of a class: each brings its own guest.</summary>
public sealed class TwoHosts : IAsyncLifetime
{
    public ClusterUnderTest Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await ClusterUnderTest.StartAsync("host-a", "host-b");

    public async Task DisposeAsync()
    {
        if (Cluster is not null) await Cluster.DisposeAsync();
    }
}
