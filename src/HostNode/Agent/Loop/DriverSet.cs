using Coordinator.Shared.Contracts;
using HostNode.Hypervisors;

namespace HostNode.Agent.Loop;

/// <summary>The hypervisors of this host by name.</summary>
public sealed class DriverSet(IReadOnlyList<IHypervisor> drivers) : IAsyncDisposable
{
    private readonly Dictionary<string, IHypervisor> _byName = drivers.ToDictionary(driver => driver.Name);

    public IReadOnlyList<string> Names => [.. drivers.Select(driver => driver.Name)];

    public IHypervisor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What works and what does not, of all drivers.</summary>
    public IReadOnlyList<Problem> SelfTest() => [.. drivers.SelectMany(driver => driver.SelfTest())];

    /// <summary>Every guest that lives on this host now.</summary>
    public IReadOnlyList<DiscoveredGuest> Discover() => [.. drivers.SelectMany(driver => driver.Discover())];

    /// <summary>Lets go of the guests, which live on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var driver in drivers) await driver.DisposeAsync();
    }
}
