using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Fake;

namespace Agent.Tests.Fake;

public sealed class FakeHypervisorTests : IAsyncLifetime
{
    private static readonly VmId Vm = VmId.Parse("db-1");
    private static readonly HostId HostA = HostId.Parse("host-a");
    private static readonly HostId HostB = HostId.Parse("host-b");
    private static readonly GuestSpec Spec = new("fake", ByteCount.FromMebi(64), 1);
    private static readonly MigrationId Migration = MigrationId.Create(1, Security.TestAuthority.Noon, 1);
    private static readonly MigrateOut Plan = new(Vm, 1, Migration, new Epoch(2), HostB, new TransferEndpoint("127.0.0.1", 1, null), Spec, MigrationPolicy.Default, false);

    private readonly string _root = Directory.CreateTempSubdirectory("lm-fake-").FullName;
    private readonly List<FakeHypervisor> _attached = [];
    private readonly LoopbackPeers _peers = new();
    private RecordingSink _a = new();
    private RecordingSink _b = new();
    private FakeHypervisor _source = null!;
    private FakeHypervisor _destination = null!;

    public Task InitializeAsync()
    {
        _source = Attach(HostA, out _a);
        _destination = Attach(HostB, out _b);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var driver in _attached) await driver.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void A_guest_moves_with_every_write_and_the_witness_has_nothing_to_say()
    {
        Begin();
        Assert.NotEqual(Verdict.Ready, _a.Next<OutgoingRound>().Forecast.Verdict);
        Assert.NotEqual(Verdict.Ready, _a.Next<OutgoingRound>().Forecast.Verdict);
        Assert.Equal(Verdict.Ready, _a.Next<OutgoingRound>().Forecast.Verdict);
        Assert.Equal(Verdict.Ready, _a.Next<OutgoingRound>().Forecast.Verdict); // it keeps iterating

        _source.Execute(new StopAndCopy(Vm, Migration));
        _a.Next<OutgoingPaused>();
        var completed = _a.Next<OutgoingCompleted>();
        Assert.Equal(completed.Digest, _b.Next<IncomingLoaded>().Digest);

        _destination.Execute(new RunGuest(Vm, new Epoch(2)));
        _b.Next<GuestRunning>();
        _source.Execute(new DestroyGuest(Vm));
        _a.Next<GuestDead>();
        Assert.Empty(FakeLedger.Violations(_root, Vm));
    }

    [Fact]
    public void A_command_given_twice_tells_the_same_again()
    {
        StartOnSource();
        _source.Execute(new StartGuest(Vm, Spec, new Epoch(1)));
        _a.Next<GuestRunning>();

        Prepare();
        Prepare();
        _source.Execute(new DestroyGuest(Vm));
        _a.Next<GuestDead>();
        _source.Execute(new DestroyGuest(Vm));
        _a.Next<GuestDead>();
    }

    [Fact]
    public void An_abort_during_pre_copy_leaves_the_guest_running()
    {
        Begin();
        _a.Next<OutgoingRound>();

        _source.Execute(new AbortOutgoing(Vm, Migration));

        Assert.True(_a.Next<OutgoingFailed>().GuestRuns);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fault_after_the_pause_leaves_the_guest_stopped_unless_it_is_scripted_to_resume_itself(bool resumesItself)
    {
        Script(HostA, new FakeScript { FailFinal = "cut", ResumesItself = resumesItself });
        Begin();

        _source.Execute(new StopAndCopy(Vm, Migration));

        var failed = _a.Next<OutgoingFailed>();
        Assert.Equal(("cut", resumesItself), (failed.Reason, failed.GuestRuns));
        _source.Execute(new RunGuest(Vm, new Epoch(1)));
        _a.Next<GuestRunning>();
        Assert.Empty(FakeLedger.Violations(_root, Vm));
    }

    [Fact]
    public void With_a_lost_acknowledgement_the_destination_is_loaded_and_the_source_has_failed()
    {
        Script(HostB, new FakeScript { LoseAcknowledgement = true });
        Begin();
        _source.Execute(new StopAndCopy(Vm, Migration));

        _b.Next<IncomingLoaded>();
        Assert.False(_a.Next<OutgoingFailed>().GuestRuns);
        Assert.Equal(GuestRunState.Loaded, Attach(HostB, out _).Discover().Single().State);
    }

    [Fact]
    public void An_agent_that_comes_back_finds_its_guests_and_a_completed_transfer_stays_completed()
    {
        Begin();
        Assert.Equal(GuestRunState.Running, Attach(HostA, out _).Discover().Single().State);
        Assert.Equal((GuestRunState.Incoming, Migration), Attach(HostB, out _).Discover().Select(guest => (guest.State, guest.Migration!.Value)).Single());
        _source.Execute(new StopAndCopy(Vm, Migration));
        var completed = _a.Next<OutgoingCompleted>();

        var again = Attach(HostA, out var sink);
        Assert.Equal((GuestRunState.Completed, Migration), again.Discover().Select(guest => (guest.State, guest.Migration!.Value)).Single());
        again.Execute(new AbortOutgoing(Vm, Migration));

        Assert.Equal(completed.Digest, sink.Next<OutgoingCompleted>().Digest);
        Assert.Equal(completed.Digest, Attach(HostB, out _).Discover().Single().LoadedDigest);
    }

    [Fact]
    public void A_resumed_transfer_goes_on_with_the_round_that_broke()
    {
        Script(HostA, new FakeScript { FailAtRound = 3 });
        Begin();
        Assert.True(_a.Next<OutgoingFailed>().GuestRuns);
        Script(HostA, new FakeScript());

        var again = Attach(HostA, out var sink);
        again.Execute(new StartOutgoing(Vm, Plan, Resume: true, Link: 2));

        Assert.Equal(3, sink.Next<OutgoingRound>().Facts.Round);
    }

    [Fact]
    public void A_deleted_guest_has_vanished()
    {
        StartOnSource();

        File.Delete(Path.Combine(_root, "host-a", "db-1.json"));

        Assert.Equal(Vm, _a.Next<GuestVanished>().Vm);
    }

    [Fact]
    public void A_loaded_copy_of_another_attempt_is_not_overwritten()
    {
        Prepare();
        _destination.Execute(new PrepareIncoming(Vm, MigrationId.Create(1, Security.TestAuthority.Noon, 2), new Epoch(3), HostA, Spec, MigrationPolicy.Default));

        _b.Next<IncomingFailed>();
        Assert.Equal(Migration, Attach(HostB, out _).Discover().Single().Migration);
    }

    [Theory]
    [InlineData("host-a 1 run 0\nhost-b 2 run 5\n", "line 2: host-b runs while host-a runs")]
    [InlineData("host-a 1 run 0\nhost-a 1 pause 9\nhost-b 2 run 8\n", "line 3: counter fell from 9 to 8")]
    [InlineData("host-a 2 run 0\nhost-a 2 pause 9\nhost-b 1 run 9\n", "line 3: epoch 1 after 2")]
    public void The_witness_sees_a_second_writer_a_rollback_and_an_old_epoch(string ledger, string violation)
    {
        Directory.CreateDirectory(Path.Combine(_root, "ledger"));
        File.WriteAllText(Path.Combine(_root, "ledger", "db-1.log"), ledger);

        Assert.Equal([violation], FakeLedger.Violations(_root, Vm));
    }

    private FakeHypervisor Attach(HostId host, out RecordingSink sink)
    {
        sink = new RecordingSink();
        var driver = new FakeHypervisor(new FakeOptions(host, _root), sink, _peers, TimeProvider.System);
        _attached.Add(driver);
        return driver;
    }

    private void Script(HostId host, FakeScript script) => script.Write(Path.Combine(_root, host.Value));

    private void StartOnSource()
    {
        _source.Execute(new StartGuest(Vm, Spec, new Epoch(1)));
        _a.Next<GuestRunning>();
    }

    private void Prepare()
    {
        _destination.Execute(new PrepareIncoming(Vm, Migration, new Epoch(2), HostA, Spec, MigrationPolicy.Default));
        _b.Next<IncomingReady>();
    }

    private void Begin()
    {
        StartOnSource();
        Prepare();
        _peers.Accept = _destination.AcceptStream;
        _source.Execute(new StartOutgoing(Vm, Plan, Resume: false, Link: 1));
    }
}
