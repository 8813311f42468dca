using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Engine.Tests.Given;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>What breaks, and what must hold then.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_stream_cut_in_the_middle_of_a_round_is_opened_again_and_nothing_acknowledged_is_sent_twice(int stream)
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(64, 48, 20) };
        hosts.Peers.Wrap = FirstLinkOnly(stream, FaultyStream.Fault.Cut, at: 9_000_001);
        hosts.StartGuest();
        hosts.AwaitFilled();

        var completed = hosts.MigrateWhole();

        Assert.Equal(2, hosts.Peers.Hellos.Select(h => h.Link).Distinct().Count());
        Assert.Equal(0, completed.Stats.Resent.Value);
        Assert.Equal(0, hosts.DifferentPages());
    }

    [Fact]
    public async Task A_flipped_bit_is_detected_and_its_chunk_sent_again()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(64, 48, 20) };
        hosts.Peers.Wrap = FirstLinkOnly(0, FaultyStream.Fault.Flip, at: 5_000_123);
        hosts.StartGuest();
        hosts.AwaitFilled();

        hosts.MigrateWhole();

        Assert.Equal(2, hosts.Peers.Hellos.Select(h => h.Link).Distinct().Count());
        Assert.Equal(0, hosts.DifferentPages());
    }

    [Fact]
    public async Task A_link_that_always_corrupts_is_given_up_and_the_guest_goes_on_at_the_source()
    {
        await using var hosts = new TwoHosts(linkAttempts: 3) { Spec = TwoHosts.Guest(64, 48, 20) };
        hosts.Peers.Wrap = (hello, s) => hello.Stream == 0 ? new FaultyStream(s, 3_000_000, FaultyStream.Fault.Flip) : s;
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();

        hosts.StartOutgoing();

        var failed = hosts.Source.Events.NextFailure<OutgoingFailed>();
        Assert.True(failed.GuestRuns);
        Assert.Contains("checksum", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(HolderState.Running, hosts.Source.Status(hosts.Vm).State);
    }

    [Fact]
    public async Task An_abort_in_pre_copy_leaves_the_guest_running_at_full_speed_and_untracked()
    {
        await using var hosts = new TwoHosts { Policy = new MigrationPolicy { MaxBandwidth = ByteRate.FromMebi(4) } };
        hosts.StartGuest();
        hosts.Prepare();
        hosts.StartOutgoing();
        hosts.Source.Events.Next<OutgoingProgress>();

        hosts.Source.Driver.Execute(new AbortOutgoing(hosts.Vm, hosts.Migration));

        Assert.True(hosts.Source.Events.NextFailure<OutgoingFailed>().GuestRuns);
        var status = hosts.Source.Status(hosts.Vm);
        Assert.Equal((HolderState.Running, 0, null), (status.State, status.ThrottlePercent, status.Label));
    }

    [Fact]
    public async Task A_link_that_breaks_in_the_blackout_leaves_the_guest_stopped_until_it_is_told_to_run()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(32, 8, 20) };
        var cut = new List<Stream>();
        hosts.Peers.Wrap = (_, s) =>
        {
            cut.Add(s);
            return s;
        };
        hosts.StartGuest();
        hosts.Prepare();
        hosts.StartOutgoing();
        hosts.UntilReady();
        hosts.Source.Events.On<OutgoingPaused>(() => cut.ForEach(s => s.Dispose()));

        hosts.Source.Driver.Execute(new StopAndCopy(hosts.Vm, hosts.Migration));

        Assert.False(hosts.Source.Events.NextFailure<OutgoingFailed>().GuestRuns);
        Assert.Equal(HolderState.Paused, hosts.Source.Status(hosts.Vm).State);
        hosts.Source.Driver.Execute(new RunGuest(hosts.Vm, new(1)));
        hosts.Source.Events.Next<GuestRunning>();
        hosts.Source.Driver.Execute(new VerifyGuest(hosts.Vm, hosts.Migration));
        Assert.True(hosts.Source.Events.Next<GuestVerified>().Well);
    }

    [Fact]
    public async Task An_abort_after_completion_says_completed_again_and_an_agent_that_restarted_says_so_too()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        var completed = hosts.MigrateWhole();

        hosts.Source.Driver.Execute(new AbortOutgoing(hosts.Vm, hosts.Migration));
        Assert.Equal(completed, hosts.Source.Events.Next<OutgoingCompleted>());

        await hosts.Source.RestartAgent();
        var found = Assert.Single(hosts.Source.Driver.Discover());
        Assert.Equal((GuestRunState.Completed, hosts.Migration), (found.State, found.Migration!.Value));
        hosts.Source.Driver.Execute(new AbortOutgoing(hosts.Vm, hosts.Migration));
        Assert.Equal(completed.Digest, hosts.Source.Events.Next<OutgoingCompleted>().Digest);
    }

    [Fact]
    public async Task A_destination_agent_that_restarted_finds_the_loaded_copy_and_can_run_it()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        var completed = hosts.MigrateWhole();

        await hosts.Destination.RestartAgent();

        var found = Assert.Single(hosts.Destination.Driver.Discover());
        Assert.Equal(new DiscoveredGuest(hosts.Vm, hosts.Spec, GuestRunState.Loaded, hosts.Migration, completed.Digest), found);
        hosts.RunAtDestination();
        hosts.Destination.Driver.Execute(new VerifyGuest(hosts.Vm, hosts.Migration));
        Assert.True(hosts.Destination.Events.Next<GuestVerified>().Well);
    }

    [Fact]
    public async Task A_destroyed_guest_leaves_no_process_and_no_file()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        hosts.Prepare();
        int[] processes = [hosts.Source.Status(hosts.Vm).Process, hosts.Destination.Status(hosts.Vm).Process];

        hosts.Source.Driver.Execute(new DestroyGuest(hosts.Vm));
        hosts.Destination.Driver.Execute(new DestroyGuest(hosts.Vm));
        hosts.Source.Events.Next<GuestDead>();
        hosts.Destination.Events.Next<GuestDead>();

        Assert.All(processes, p => Assert.False(GuestProcess.IsAlive(p)));
        Assert.False(hosts.Source.HasResidue);
        Assert.False(hosts.Destination.HasResidue);
        hosts.Source.Driver.Execute(new DestroyGuest(hosts.Vm));
        hosts.Source.Events.Next<GuestDead>();
    }

    [Fact]
    public async Task A_holder_that_is_killed_is_reported_and_its_leftovers_are_removed()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();

        GuestProcess.Kill(hosts.Source.Status(hosts.Vm).Process, TimeSpan.FromSeconds(10));

        Assert.Equal(hosts.Vm, hosts.Source.Events.NextFailure<GuestVanished>().Vm);
        Assert.Empty(hosts.Source.Driver.Discover());
        Assert.False(hosts.Source.HasResidue);
    }

    [Fact]
    public async Task A_stream_for_an_attempt_that_was_not_prepared_is_closed()
    {
        await using var hosts = new TwoHosts();
        var (near, far) = LoopbackPeers.Pair();
        using var mine = near;

        hosts.Destination.Driver.AcceptStream(new PeerHello(hosts.Vm, hosts.Migration, hosts.Epoch, "memory", 0, 1, 1), far);

        Assert.Equal(0, mine.Read(new byte[1]));
    }

    [Fact]
    public async Task A_command_that_is_repeated_repeats_its_event_and_changes_nothing()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        hosts.StartGuest();
        hosts.Prepare();
        hosts.Prepare();
        hosts.StartOutgoing();
        hosts.UntilReady();
        hosts.StartOutgoing();
        hosts.UntilReady();

        hosts.StopAndCopy();

        Assert.Equal(0, hosts.DifferentPages());
        Assert.Single(hosts.Peers.Hellos.Select(h => h.Link).Distinct());
        hosts.RunAtDestination();
        Assert.Equal(hosts.RunAtDestination(), hosts.RunAtDestination());
    }

    [Fact]
    public async Task Incomplete_memory_is_never_run()
    {
        await using var hosts = new TwoHosts();
        hosts.Prepare();

        hosts.Destination.Driver.Execute(new RunGuest(hosts.Vm, hosts.Epoch));

        Assert.Contains("incomplete", hosts.Destination.Events.NextFailure<GuestFailed>().Reason, StringComparison.Ordinal);
    }

    private static Func<PeerHello, Stream, Stream> FirstLinkOnly(int stream, FaultyStream.Fault fault, long at)
    {
        long? first = null;
        return (hello, inner) =>
        {
            first ??= hello.Link;
            return hello.Link == first && hello.Stream == stream ? new FaultyStream(inner, at, fault) : inner;
        };
    }
}
