using Coordinator.Shared.Convergence;
using HostNode.Hypervisors;
using Qemu.Tests.Support;
using Xunit.Abstractions;

namespace Qemu.Tests.Real;

[Collection(RealQemu.Name)]
public sealed class MigrationTests(ITestOutputHelper output)
{
    [QemuFact]
    public async Task A_writing_guest_moves_with_its_memory_whole()
    {
        await using var source = new QemuHost("source");
        await using var destination = new QemuHost("destination");
        var spec = QemuHost.Writing(workingSet: 32, rate: 8);
        await source.StartAsync(spec);
        var migration = QemuHost.NewMigration(1);
        var port = await destination.PrepareAsync(migration, spec);

        source.Driver.Execute(new StartOutgoing(QemuHost.Vm, QemuHost.Plan(migration, port), Resume: false, Link: 1));
        await source.Sink.WaitForAsync<OutgoingRound>(e => e.Forecast.Verdict == Verdict.Ready);
        source.Driver.Execute(new StopAndCopy(QemuHost.Vm, migration));
        var completed = await source.Sink.WaitForAsync<OutgoingCompleted>();
        var loaded = await destination.Sink.WaitForAsync<IncomingLoaded>();
        Assert.Equal(completed.Digest, loaded.Digest);
        Assert.DoesNotContain(destination.Sink.Told, e => e is GuestRunning);

        destination.Driver.Execute(new RunGuest(QemuHost.Vm, new(2)));
        var running = await destination.Sink.WaitForAsync<GuestRunning>();
        source.Driver.Execute(new DestroyGuest(QemuHost.Vm));
        await source.Sink.WaitForAsync<GuestDead>();
        await destination.MemoryCheckAsync(more: 2);
        output.WriteLine($"blackout {(running.At - completed.PausedAt).TotalMilliseconds:0.0} ms; {completed.Stats}");
        foreach (var round in source.Sink.Told.OfType<OutgoingRound>()) output.WriteLine($"{round.Facts} {round.Forecast.Reason}");
        Assert.False(Directory.Exists(source.GuestDirectory), "nothing is left at the source");
    }
}
