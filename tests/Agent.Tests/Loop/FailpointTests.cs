using System.Reflection;
using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;

namespace Agent.Tests.Loop;

public sealed class FailpointTests
{
    private int _deaths;
    private int _stops;

    [Fact]
    public void Each_part_of_a_migration_has_at_least_twelve_and_no_name_stands_twice()
    {
        Assert.True(Failpoints.All.Count(name => name.EndsWith("/source", StringComparison.Ordinal)) >= 12);
        Assert.True(Failpoints.All.Count(name => name.EndsWith("/destination", StringComparison.Ordinal)) >= 12);
        Assert.Equal(Failpoints.All.Count, Failpoints.All.Distinct().Count());
    }

    [Fact]
    public void Every_kind_of_record_can_be_cut_off_before_and_after_it_is_durable()
    {
        var kinds = typeof(JournalRecord).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(attribute => (string)attribute.TypeDiscriminator!);
        var names = Failpoints.All.Select(name => name.Split('/')[0]).ToHashSet();

        Assert.All(kinds, kind =>
        {
            Assert.Contains("before-persist:" + kind, names);
            Assert.Contains("after-persist:" + kind, names);
        });
    }

    [Fact]
    public void Every_name_can_be_armed_and_kills_there_and_nowhere_else()
    {
        foreach (var name in Failpoints.All)
        {
            var armed = Arm(name);
            var (moment, what, role) = Parts(name);
            armed.Hit(moment, what + "x", role);
            armed.Hit("x" + moment[1..], what, role);
            if (role is not null) armed.Hit(moment, what, role == MigrationRole.Source ? MigrationRole.Destination : MigrationRole.Source);
            Assert.Equal(0, _deaths);

            armed.Hit(moment, what, role);
            Assert.Equal(1, _deaths);
            _deaths = 0;
        }
    }

    [Fact]
    public void The_nth_time_counts()
    {
        var armed = Arm("after-persist:orderSeen@3");
        armed.Hit("after-persist", "orderSeen", null);
        armed.Hit("after-persist", "orderSeen", null);
        Assert.Equal(0, _deaths);
        armed.Hit("after-persist", "orderSeen", null);
        Assert.Equal(1, _deaths);
    }

    [Fact]
    public void It_may_stand_still_instead()
    {
        Arm("on-input:SwitchOver/source=stop").Hit("on-input", "SwitchOver", MigrationRole.Source);
        Assert.Equal((0, 1), (_deaths, _stops));
        Arm("on-input:SwitchOver/source=kill").Hit("on-input", "SwitchOver", MigrationRole.Source);
        Assert.Equal((1, 1), (_deaths, _stops));
    }

    [Theory]
    [InlineData("after-persist:intent=wait")]
    [InlineData("after-persist:intent=stop=stop")]
    [InlineData("after-persist:intend")]
    [InlineData("after-persist:intent/destination")]
    [InlineData("after-persist:intent@0")]
    [InlineData("after-persist:intent@x")]
    [InlineData("after-persist:intent@1@2")]
    [InlineData("intent")]
    public void A_name_that_does_not_exist_is_refused(string name) => Assert.Throws<FormatException>(() => Arm(name));

    [Fact]
    public void Without_the_variable_nothing_is_armed()
    {
        Assert.Same(Failpoints.None, Arm(""));
        Assert.Same(Failpoints.None, Failpoints.Parse(null));
    }

    internal static (string Moment, string What, MigrationRole? Role) Parts(string name)
    {
        var role = name.EndsWith("/source", StringComparison.Ordinal) ? MigrationRole.Source
            : name.EndsWith("/destination", StringComparison.Ordinal) ? MigrationRole.Destination : (MigrationRole?)null;
        var parts = name.Split('/')[0].Split(':');
        return (parts[0], parts[1], role);
    }

    private Failpoints Arm(string text) => Failpoints.Parse(text, () => _deaths++, () => _stops++);
}
