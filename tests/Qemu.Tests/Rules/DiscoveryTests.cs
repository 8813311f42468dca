using Coordinator.Shared.Identity;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Rules;

/// <summary>What a QEMU is, from its run state, its migration and its label: the table that an agent's recovery rests on.</summary>
public sealed class DiscoveryTests
{
    [Theory]
    [InlineData("running", "none", false, "Resident", GuestRunState.Running)]
    [InlineData("running", "active", true, "Outgoing", GuestRunState.Running)]
    [InlineData("running", "completed", false, "Incoming", GuestRunState.Running)] // let run, but the label was not yet changed
    [InlineData("inmigrate", "none", false, "Incoming", GuestRunState.Incoming)]
    [InlineData("inmigrate", "active", false, "Incoming", GuestRunState.Incoming)]
    [InlineData("paused", "completed", false, "Incoming", GuestRunState.Loaded)]
    [InlineData("paused", "completed", false, "Resident", GuestRunState.Paused)] // arrived long ago; an operator paused it
    [InlineData("paused", "active", true, "Outgoing", GuestRunState.Paused)] // stopped with its guard
    [InlineData("finish-migrate", "pre-switchover", true, "Outgoing", GuestRunState.Paused)]
    [InlineData("finish-migrate", "device", true, "Outgoing", GuestRunState.Paused)]
    [InlineData("postmigrate", "completed", true, "Outgoing", GuestRunState.Completed)]
    [InlineData("postmigrate", "failed", true, "Outgoing", GuestRunState.Paused)] // guarded: not completed, not resumed
    [InlineData("postmigrate", "cancelled", true, "Outgoing", GuestRunState.Paused)]
    [InlineData("postmigrate", "completed", false, "Outgoing", GuestRunState.Paused)] // "completed" is what it once received
    [InlineData("prelaunch", "none", false, "Resident", GuestRunState.Paused)]
    [InlineData("some-new-state", "none", false, "Resident", GuestRunState.Paused)]
    public void A_found_guest_is_what_QEMU_says(string runState, string migration, bool fromSource, string role, GuestRunState expected)
    {
        var label = new GuestLabel(VmId.Parse("guest"), Enum.Parse<GuestRole>(role), null, new Epoch(1));
        Assert.Equal(expected, QemuDiscovery.StateOf(runState, new MigrationStatus { State = migration, FromSource = fromSource }, label));
    }

    [Fact]
    public void A_guest_without_label_is_never_taken_for_loaded() =>
        Assert.Equal(GuestRunState.Paused, QemuDiscovery.StateOf("paused", new MigrationStatus { State = "completed" }, null));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"status": 7, "ram": [], "socket-address": {}}""")]
    [InlineData("""{"status": null, "ram": {"remaining": "many", "mbps": true}, "socket-address": [{"port": "no"}, 3]}""")]
    public void An_answer_of_any_shape_is_read_without_harm(string json)
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        var status = MigrationStatus.Parse(document.RootElement);
        Assert.Equal(("none", 0, (int?)null), (status.State, status.SyncCount, status.ListeningPort));
    }
}
