using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Lab.Servers;

namespace Cluster.Tests.Given;

/// <summary>Coordinators on a PostgreSQL of their own, with real agents; for each test anew.</summary>
/// <param name="broker">Their messages go by a RabbitMQ of their own.</param>
public abstract class OnPostgres(int coordinators, bool broker = false) : IAsyncLifetime
{
    private ClusterUnderTest? _cluster;

    internal PostgresServer Store { get; } = new();

    internal RabbitMqServer? Broker { get; } = broker ? new() : null;

    internal ClusterUnderTest Cluster => _cluster!;

    public async Task InitializeAsync()
    {
        if (PostgresServer.WhyMissing() is not null || (Broker is not null && RabbitMqServer.WhyMissing() is not null)) return;
        Store.Start();
        Broker?.Start();
        _cluster = await ClusterUnderTest.StartAsync(Store, Broker, coordinators);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        Store.Dispose();
        Broker?.Dispose();
    }

    /// <summary>A guest that writes all the time, moved over so slow a link that pre-copy lasts seconds, whatever else the machine does.</summary>
    internal async Task<Move> BeginSlowMoveAsync()
    {
        var move = await Move.OfNativeGuestAsync(Cluster, written: 96);
        await move.BeginAsync(new MigrationPolicy(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0));
        return move;
    }
}
