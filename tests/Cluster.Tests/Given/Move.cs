using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors.Fake;

namespace Cluster.Tests.Given;

/// <summary>A guest of its own and one migration of it, with everything that must hold at the end whatever was killed under way.</summary>
internal sealed class Move
{
    private static readonly string[] Terminal = ["MigrationCompleted", "MigrationAborted", "MigrationLost", "MigrationHeld"];
    private static int s_number;
    private readonly ClusterUnderTest _cluster;
    private readonly bool _native;

    private Move(ClusterUnderTest cluster, bool native, string source, string destination)
    {
        (_cluster, _native, Source, Destination) = (cluster, native, source, destination);
        Vm = $"vm-{Interlocked.Increment(ref s_number)}";
    }

    public string Vm { get; }

    public string Source { get; }

    public string Destination { get; }

    /// <summary>Empty until it was begun.</summary>
    public string Id { get; private set; } = "";

    /// <summary>A guest of the fake driver: no memory, a move takes a tenth of a second.</summary>
    public static Task<Move> OfFakeGuestAsync(ClusterUnderTest cluster, string source = "host-a", string destination = "host-b") =>
        new Move(cluster, native: false, source, destination).PlacedAsync(new GuestSpec("fake", ByteCount.FromMebi(16), 1));

    /// <summary>A process that writes memory all the time and tells the witness.</summary>
    /// <param name="written">MiB of its memory that it writes, all of it at once and then again and again: only that much is ever sent.</param>
    public static async Task<Move> OfNativeGuestAsync(ClusterUnderTest cluster, int written = 2)
    {
        var load = new SyntheticLoad(ByteCount.FromMebi(written), ByteRate.FromMebi(1), cluster.Witness.Path);
        var move = await new Move(cluster, native: true, "host-a", "host-b").PlacedAsync(new GuestSpec("native", ByteCount.FromMebi(written * 2), 1) { Load = load });
        cluster.Witness.Await(move.Vm, move.Source);
        return move;
    }

    public async Task BeginAsync(MigrationPolicy? policy = null) => Id = await _cluster.Client.MigrateAsync(Vm, Destination, policy);

    public Task CancelAsync() => _cluster.Client.CancelAsync(Id);

    public async Task<bool> HasAsync(string eventType) => Id.Length > 0 && (await _cluster.Client.EventsAsync(Id)).Any(e => e.Type == eventType);

    public Task HappenedAsync(string eventType) => _cluster.UntilAsync($"{eventType} of {Vm}", () => HasAsync(eventType));

    /// <summary>Waits until so much was sent, while pre-copy still goes on.</summary>
    public async Task<MigrationResource> SentAsync(ByteCount least)
    {
        MigrationResource? now = null;
        await _cluster.UntilAsync($"{least} to be sent", async () =>
        {
            now = await _cluster.Client.MigrationAsync(Id);
            return now.Status.Transfer?.Sent.Value >= least.Value;
        });
        Assert.Equal("PreCopying", now!.Status.Phase);
        return now;
    }

    /// <summary>Waits for the last migration of the guest to close: a transient abort is retried by itself.</summary>
    public async Task<MigrationResource> ClosedAsync()
    {
        MigrationResource? now = null;
        var waitingFor = Id;
        await _cluster.UntilAsync($"{Vm} to be settled", async () =>
        {
            now = await _cluster.Client.MigrationAsync(waitingFor);
            if (now.Status.Phase == "Closed" && now.Status.RetriedBy is { } next) waitingFor = next;
            else return now.Status.Phase == "Closed";
            return false;
        });
        return now!;
    }

    /// <summary>
    /// What must hold of every closed migration: one terminal event and then Closed; one copy of the guest, running where the outcome
    /// says; nothing of it, and no claim for it, anywhere else; a witness without a complaint.
    /// </summary>
    public async Task<MigrationResource> SettledAsync()
    {
        var last = await ClosedAsync();
        for (var id = Id; id is not null; id = (await _cluster.Client.MigrationAsync(id)).Status.RetriedBy)
        {
            var events = await _cluster.Client.EventsAsync(id);
            Assert.Single(events, e => Terminal.Contains(e.Type));
            Assert.Equal("MigrationClosed", events[^1].Type);
            Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => e.Version));
        }

        var runs = last.Status.Outcome == "Completed" ? Destination : Source;
        var vm = await _cluster.Client.VmAsync(Vm);
        Assert.Equal(("Running", runs), (vm.Status.Phase, vm.Status.Host));
        await RunsOnlyOnAsync(runs);
        return last;
    }

    /// <summary>One copy, there; no file, process or claim of the guest on any other host.</summary>
    public async Task RunsOnlyOnAsync(string host)
    {
        foreach (var each in _cluster.Hosts)
        {
            var claims = (await _cluster.Client.HostAsync(each)).Status.Claims.Count(claim => claim.Vm == Vm);
            Assert.Equal((each, each == host ? 1 : 0), (each, claims));
            if (each == host) Assert.NotEmpty(_cluster.Residue(Vm, each));
            else Assert.Empty(_cluster.Residue(Vm, each));
        }

        if (_native) CheckWitness(host);
        else Assert.Empty(FakeLedger.Violations(_cluster.FakeRoot, VmId.Parse(Vm)));
    }

    private void CheckWitness(string host)
    {
        Assert.Equal(1, _cluster.GuestProcesses(Vm));
        _cluster.Witness.Await(Vm, host);
        var beats = _cluster.Witness.Of(Vm);
        Assert.True(Witness.Judge(beats).IsClean, $"{Vm}: {Witness.Judge(beats)}");
        Assert.Equal(host, beats[^1].Host);
    }

    private async Task<Move> PlacedAsync(GuestSpec spec)
    {
        await _cluster.Client.RegisterAsync(Vm, Source, spec);
        await _cluster.UntilAsync($"{Vm} to run", async () => (await _cluster.Client.VmAsync(Vm)).Status.Phase == "Running");
        return this;
    }
}
