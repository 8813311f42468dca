using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Support;

namespace Qemu.Tests.Real;

/// <summary>A writing guest on one host, another host that will receive it, and the line between them.</summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    private readonly GuestSpec _spec;
    private int _attempts;

    private TwoHosts(GuestSpec spec, Func<QemuOptions, QemuOptions>? change) => (_spec, Source) = (spec, new QemuHost("source", change));

    public QemuHost Source { get; }

    public QemuHost Destination { get; } = new("destination");

    public SlowLink? Link { get; private set; }

    public MigrationId Migration { get; private set; }

    public static async Task<TwoHosts> WithGuestAsync(int workingSet = 16, int rate = 4, Func<QemuOptions, QemuOptions>? change = null)
    {
        var hosts = new TwoHosts(QemuHost.Writing(workingSet, rate), change);
        await hosts.Source.StartAsync(hosts._spec);
        return hosts;
    }

    /// <summary>Pre-copy runs.</summary>
    /// <param name="bytesPerSecond">The line's; null is loopback itself.</param>
    public async Task<MigrateOut> BeginAsync(long? bytesPerSecond = null, MigrationPolicy? policy = null)
    {
        Migration = QemuHost.NewMigration(++_attempts);
        var port = await Destination.PrepareAsync(Migration, _spec);
        Link = new SlowLink(port, bytesPerSecond);
        var plan = QemuHost.Plan(Migration, Link.Port, policy);
        Source.Driver.Execute(new StartOutgoing(QemuHost.Vm, plan, Resume: false, Link: 1));
        await Source.Sink.WaitForAsync<OutgoingProgress>(e => e.Sample.Migration == Migration);
        return plan;
    }

    public async Task BecomeReadyAsync() =>
        await Source.Sink.WaitForAsync<OutgoingRound>(e => e.Migration == Migration && e.Forecast.Verdict is Verdict.Ready or Verdict.Force);

    /// <summary>All has left the source, and the destination has it; neither runs.</summary>
    public async Task LoadAsync()
    {
        await BeginAsync();
        await BecomeReadyAsync();
        StopAndCopy();
        await Source.Sink.WaitForAsync<OutgoingCompleted>();
        await Destination.Sink.WaitForAsync<IncomingLoaded>();
    }

    /// <summary>Ready, then the line gets slow: several megabytes are left for the blackout, more than sockets hold.</summary>
    public async Task LeaveMuchForTheBlackoutAsync()
    {
        await BeginAsync();
        await BecomeReadyAsync();
        Link!.Limit(2_000_000);
        await Source.Sink.WaitForAsync<OutgoingProgress>(e => e.Sample.Remaining.Value > 24_000_000);
    }

    /// <summary>The last state is under way, much of it unsent, and QEMU's main loop stands still for it.</summary>
    public async Task BecomeDeviceAsync(QmpProbe probe)
    {
        await LeaveMuchForTheBlackoutAsync();
        StopAndCopy();
        await probe.UntilAsync("MIGRATION device");
    }

    public void StopAndCopy() => Source.Driver.Execute(new StopAndCopy(QemuHost.Vm, Migration));

    public async Task<OutgoingFailed> AbortAsync()
    {
        Source.Driver.Execute(new AbortOutgoing(QemuHost.Vm, Migration));
        return await Source.Sink.WaitForAsync<OutgoingFailed>(e => e.Migration == Migration);
    }

    /// <summary>The whole way, to a running guest at the destination and nothing at the source.</summary>
    public async Task<TimeSpan> FinishAsync()
    {
        StopAndCopy();
        var completed = await Source.Sink.WaitForAsync<OutgoingCompleted>(e => e.Migration == Migration);
        await Destination.Sink.WaitForAsync<IncomingLoaded>(e => e.Migration == Migration);
        Destination.Driver.Execute(new RunGuest(QemuHost.Vm, new(2)));
        var running = await Destination.Sink.WaitForAsync<GuestRunning>();
        Source.Driver.Execute(new DestroyGuest(QemuHost.Vm));
        await Source.Sink.WaitForAsync<GuestDead>();
        await Destination.MemoryCheckAsync(more: 2);
        return running.At - completed.PausedAt;
    }

    /// <summary>The source runs its copy again, by order, and it is whole.</summary>
    public async Task SourceRunsAgainAsync()
    {
        var before = Source.Sink.Count;
        Source.Driver.Execute(new RunGuest(QemuHost.Vm, new(1)));
        await Source.Sink.WaitForAsync<GuestRunning>(from: before);
        await Source.MemoryCheckAsync(more: 2);
    }

    public async ValueTask DisposeAsync()
    {
        if (Link is { } link) await link.DisposeAsync();
        await Destination.DisposeAsync();
        await Source.DisposeAsync();
    }
}
