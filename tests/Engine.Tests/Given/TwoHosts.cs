using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors;

namespace Engine.Tests.Given;

/// <summary>Source and destination of one migration, and the steps an agent would take.</summary>
public sealed class TwoHosts : IAsyncDisposable
{
    private static int s_number;

    private readonly string _root = Path.Combine(Path.GetTempPath(), "engine-tests-" + Environment.ProcessId + "-" + Interlocked.Increment(ref s_number));

    public TwoHosts(string tracking = "cooperative", int linkAttempts = 8)
    {
        Source = new Host("alpha", Peers, tracking, _root, linkAttempts);
        Destination = new Host("beta", Peers, tracking, _root, linkAttempts);
    }

    private TwoHosts(TwoHosts there)
    {
        (Peers, Source, Destination, Spec, Policy) = (there.Peers, there.Destination, there.Source, there.Spec, there.Policy);
        Epoch = there.Epoch.Next;
        Migration = MigrationId.Create(7, DateTimeOffset.UnixEpoch.AddDays(20_000), (int)Epoch.Value);
    }

    public LoopbackPeers Peers { get; } = new();

    public Host Source { get; }

    public Host Destination { get; }

    public VmId Vm { get; } = VmId.Parse("web-1");

    public MigrationId Migration { get; set; } = MigrationId.Create(7, DateTimeOffset.UnixEpoch.AddDays(20_000), 1);

    public Epoch Epoch { get; set; } = new(2);

    public GuestSpec Spec { get; init; } = Guest(32, 8, 20);

    public MigrationPolicy Policy { get; init; } = new() { MaxBlackoutMs = 300 };

    public static GuestSpec Guest(double memoryMebi, double workingSetMebi, double rateMebi, string? ledger = null) =>
        new("native", ByteCount.FromMebi(memoryMebi), 2)
        {
            Load = new SyntheticLoad(ByteCount.FromMebi(workingSetMebi), ByteRate.FromMebi(rateMebi), ledger),
        };

    public MigrateOut Plan => new(Vm, 1, Migration, Epoch, Destination.Id, new TransferEndpoint("127.0.0.1", 1, null), Spec, Policy, Force: false);

    /// <summary>The next attempt, the other way round, with the same hosts.</summary>
    public TwoHosts Back() => new(this);

    public void StartGuest()
    {
        Source.Driver.Execute(new StartGuest(Vm, Spec, new Epoch(1)));
        Source.Events.Next<GuestRunning>();
    }

    /// <summary>Until every page of the working set was written once, so that there is something to send.</summary>
    public void AwaitFilled()
    {
        var pages = Spec.Load!.WorkingSet.Value / 4096;
        using var link = Source.Link(Vm);
        while (link.Status().PagesWritten < pages) Thread.Sleep(5);
    }

    public void Prepare()
    {
        Destination.Driver.Execute(new PrepareIncoming(Vm, Migration, Epoch, Source.Id, Spec, Policy));
        Destination.Events.Next<IncomingReady>();
    }

    public void StartOutgoing(bool resume = false, long link = 1) => Source.Driver.Execute(new StartOutgoing(Vm, Plan, resume, link));

    public OutgoingRound UntilReady() =>
        Source.Events.Next<OutgoingRound>(r => r.Forecast.Verdict is Coordinator.Shared.Convergence.Verdict.Ready or Coordinator.Shared.Convergence.Verdict.Force);

    /// <summary>Stops the guest and moves the rest; both ends must agree.</summary>
    public OutgoingCompleted StopAndCopy()
    {
        Source.Driver.Execute(new StopAndCopy(Vm, Migration));
        var completed = Source.Events.Next<OutgoingCompleted>();
        Assert.Equal(completed.Digest, Destination.Events.Next<IncomingLoaded>().Digest);
        return completed;
    }

    public GuestRunning RunAtDestination()
    {
        Destination.Driver.Execute(new RunGuest(Vm, Epoch));
        return Destination.Events.Next<GuestRunning>();
    }

    public OutgoingCompleted MigrateWhole()
    {
        Prepare();
        StartOutgoing();
        UntilReady();
        return StopAndCopy();
    }

    /// <summary>Pages that differ between the two holders, read by mapping both.</summary>
    public long DifferentPages()
    {
        using var source = Source.Link(Vm);
        using var destination = Destination.Link(Vm);
        using var here = source.Files(writable: false);
        using var there = destination.Files(writable: false);
        if (here.Memory.Length != there.Memory.Length) throw new InvalidOperationException("different sizes");
        var different = 0L;
        for (var at = 0L; at < here.Memory.Length; at += 4096)
        {
            if (!here.Memory.Bytes(at, 4096).SequenceEqual(there.Memory.Bytes(at, 4096))) different++;
        }

        return different;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Destination.DisposeAsync();
        if (Directory.Exists(_root)) Directory.Delete(_root, recursive: true);
    }
}
