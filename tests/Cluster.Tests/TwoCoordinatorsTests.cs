using Cluster.Tests.Given;
using Lab.Servers;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>No broker: the one that decides for a live migration is killed, stands still or stops, and the other one ends it.</summary>
public sealed class TwoCoordinatorsTests(ITestOutputHelper output) : TwoCoordinators(output, broker: false)
{
    [PostgresFact]
    public Task The_owner_of_a_migration_in_pre_copy_is_killed_and_the_other_coordinator_ends_it_without_a_byte_sent_again() => OwnerIsKilledAsync();

    [PostgresFact]
    public Task The_owner_stands_still_in_pre_copy_is_followed_and_wakes_up_as_one_who_decides_nothing_it_lost() => OwnerStandsStillAsync();

    [PostgresFact]
    public Task A_coordinator_that_is_told_to_stop_hands_its_shards_over_and_a_migration_goes_on() => OwnerIsToldToStopAsync();

    [PostgresFact]
    public Task Whatever_node_is_asked_decides_through_the_owner_and_shows_the_answer() => AnyNodeIsAskedAsync();
}
