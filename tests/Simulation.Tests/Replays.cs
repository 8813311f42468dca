using Coordinator.Application.Events;
using Coordinator.Application.Replay;
using Simulator;

namespace Simulation.Tests;

/// <summary>What was decided in simulated clusters is decided so again from the events alone, whatever happened meanwhile.</summary>
public sealed class Replays
{
    [Fact]
    public void Every_migration_of_every_run_is_decided_the_same_from_its_history()
    {
        var migrations = 0;
        for (var seed = 30_001UL; seed <= 30_100; seed++)
        {
            var world = new SimWorld(seed, SimOptions.Default);
            world.Run();
            foreach (var history in world.Store.All.Where(e => e.Stream.StartsWith("migration-", StringComparison.Ordinal)).GroupBy(e => e.Stream))
            {
                var result = MigrationReplay.Run([.. history.Select(e => RecordedEvent.Of(EventResources.Of(e)))]);
                Assert.True(result.Difference is null, $"seed {seed}, {history.Key}: {result.Difference}");
                migrations++;
            }
        }

        Assert.True(migrations > 2_000, $"only {migrations} migrations were decided again");
    }
}
