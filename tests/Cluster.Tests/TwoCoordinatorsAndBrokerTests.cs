using Cluster.Tests.Given;
using Coordinator.Shared.Units;
using Lab.Servers;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>The same with a broker, which may itself be gone for a while.</summary>
public sealed class TwoCoordinatorsAndBrokerTests(ITestOutputHelper output) : TwoCoordinators(output, broker: true)
{
    [RabbitMqFact]
    public Task With_a_broker_the_owner_of_a_migration_in_pre_copy_is_killed_and_the_other_coordinator_ends_it_without_a_byte_sent_again() => OwnerIsKilledAsync();

    [RabbitMqFact, Trait("Category", "Long")]
    public Task With_a_broker_the_owner_stands_still_in_pre_copy_is_followed_and_wakes_up_as_one_who_decides_nothing_it_lost() => OwnerStandsStillAsync();

    [RabbitMqFact, Trait("Category", "Long")]
    public Task With_a_broker_a_coordinator_that_is_told_to_stop_hands_its_shards_over_and_a_migration_goes_on() => OwnerIsToldToStopAsync();

    [RabbitMqFact, Trait("Category", "Long")]
    public Task With_a_broker_whatever_node_is_asked_decides_through_the_owner_and_shows_the_answer() => AnyNodeIsAskedAsync();

    [RabbitMqFact]
    public async Task The_broker_is_killed_during_a_migration_and_comes_back_and_the_migration_ends_without_a_byte_sent_again()
    {
        await BothDecideAsync();
        var move = await BeginSlowMoveAsync();
        await move.SentAsync(ByteCount.FromMebi(8));

        Broker!.Kill();
        await Cluster.SaysAsync("coordinator", "messages between nodes wait or are lost");
        // The transfer does not need it.
        await move.SentAsync(ByteCount.FromMebi(24));
        Broker.StartAgain();

        var migration = await move.SettledAsync();
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await Cluster.ReadyAsync();
    }

    [RabbitMqFact, Trait("Category", "Long")]
    public async Task Every_queue_is_purged_again_and_again_during_migrations_and_all_of_them_end()
    {
        await BothDecideAsync();
        var moves = new List<Move>();
        for (var n = 0; n < 6; n++) moves.Add(await Move.OfFakeGuestAsync(Cluster));
        foreach (var move in moves)
        {
            await move.BeginAsync();
            Broker!.Control("eval", "[rabbit_amqqueue:purge(Q) || Q <- rabbit_amqqueue:list()].");
        }

        foreach (var move in moves) Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);
    }
}
