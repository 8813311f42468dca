using System.Collections.Concurrent;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Fake;

/// <summary>
/// Guests that are files, for tests of the hand-off with real agents and no memory: they survive a killed agent, their transfers cross
/// real peer links, and a script makes them slow or broken. Guarded, as the native driver is: a guest paused for the switchover runs
/// again only on <see cref="RunGuest"/> (unless scripted otherwise). To kill a guest, delete its file.
/// </summary>
public sealed class FakeHypervisor : IHypervisor
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private readonly FakeDriverServices _services;
    private readonly FakeLedger _ledger;
    private readonly ConcurrentDictionary<VmId, FakeGuest> _guests = new();
    private readonly ConcurrentDictionary<VmId, Task> _lanes = new();
    private readonly HashSet<VmId> _alive = [];
    private readonly ITimer _look;

    public FakeHypervisor(FakeOptions options, IHypervisorSink sink, IPeerConnector peers, TimeProvider clock)
    {
        _services = new FakeDriverServices(options, sink, peers, clock);
        _ledger = new FakeLedger(options.Root, options.Host);
        Directory.CreateDirectory(options.HostDirectory);
        _look = TimeProvider.System.CreateTimer(_ => LookForTheDead(), null, LookEvery, LookEvery);
    }

    public string Name => "fake";

    public IReadOnlyList<Problem> SelfTest() => [Problem.Info("fake.driver", "guests of this driver are files: for tests only")];

    public IReadOnlyList<DiscoveredGuest> Discover()
    {
        var found = new List<DiscoveredGuest>();
        foreach (var path in Directory.EnumerateFiles(_services.Options.HostDirectory, "*.json"))
        {
            if (!VmId.TryParse(Path.GetFileNameWithoutExtension(path), out var vm) || vm.Value == "control") continue;
            if (Guest(vm).Read() is not { } guest) continue;
            lock (_alive) _alive.Add(vm);
            found.Add(new DiscoveredGuest(vm, guest.Spec, guest.State, guest.Migration, guest.State == GuestRunState.Loaded ? guest.Digest : null));
        }

        return found;
    }

    public IReadOnlyList<Problem> Precheck(MigrationRole role, VmId vm, GuestSpec spec, MigrationPolicy policy)
    {
        var script = _services.Script();
        if (script.FailPrecheck is { } reason) return [Problem.Error("fake.scripted", reason, "change the script")];
        return role == MigrationRole.Source && Guest(vm).Read() is null ? [Problem.Error("guest.unknown", $"{vm} is not on this host", "start it first")] : [];
    }

    public void Execute(HypervisorCommand command) => _lanes.AddOrUpdate(
        command.Vm,
        _ => Task.Run(() => Carry(command)),
        (_, before) => before.ContinueWith(_ => Carry(command), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default));

    public void AcceptStream(PeerHello hello, Stream stream)
    {
        var guest = Guest(hello.Vm);
        if (hello.Link < guest.Link || guest.Read() is not { State: GuestRunState.Incoming } state || state.Migration != hello.Migration)
        {
            stream.Dispose();
            return;
        }

        guest.Link = hello.Link;
        new FakeIncoming(guest, hello, stream, _services).Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _look.DisposeAsync();
        foreach (var guest in _guests.Values) guest.Outgoing?.Dispose();
        await Task.WhenAll(_lanes.Values);
    }

    private FakeGuest Guest(VmId vm) =>
        _guests.GetOrAdd(vm, name => new FakeGuest(Path.Combine(_services.Options.HostDirectory, name.Value + ".json"), name, _ledger, _services.Clock));

    private void Carry(HypervisorCommand command)
    {
        var guest = Guest(command.Vm);
        var script = _services.Script();
        switch (command)
        {
            case StartGuest start: Start(guest, start, script); break;
            case RunGuest run: Run(guest, run, script); break;
            case DestroyGuest: Destroy(guest); break;
            case PrepareIncoming prepare: Prepare(guest, prepare, script); break;
            case StartOutgoing outgoing: Begin(guest, outgoing); break;
            case UpdateOutgoing update when guest.Outgoing is { } current: current.Update(update.Plan); break;
            case UpdateOutgoing: break;
            case StopAndCopy stop when guest.Outgoing is { Runs: true } current && current.Migration == stop.Migration: current.StopAndCopy(); break;
            case StopAndCopy stop: Post(Outcome(guest, stop.Migration, "no transfer runs")); break;
            case AbortOutgoing abort: Abort(guest, abort); break;
            case VerifyGuest verify: Verify(guest, verify, script); break;
            default: throw new InvalidOperationException($"unknown command {command.GetType().Name}");
        }
    }

    private void Start(FakeGuest guest, StartGuest command, FakeScript script)
    {
        _services.Clock.Delay(script.StartMs, () => false);
        if (script.FailStart is { } reason)
        {
            Post(new GuestFailed(command.Vm, reason));
            return;
        }

        var now = _services.Clock.GetUtcNow();
        var state = guest.Change(before => before ?? new FakeGuestState(command.Vm, command.Spec, GuestRunState.Paused, 0, null).Run(command.Epoch, now));
        Running(guest, state);
    }

    private void Run(FakeGuest guest, RunGuest command, FakeScript script)
    {
        if (script.FailRun is { } reason)
        {
            Post(new GuestFailed(command.Vm, reason));
            return;
        }

        var now = _services.Clock.GetUtcNow();
        Running(guest, guest.Change(before => before is { State: GuestRunState.Paused or GuestRunState.Loaded or GuestRunState.Completed } ? before.Run(command.Epoch, now) : before));
    }

    private void Running(FakeGuest guest, FakeGuestState? state)
    {
        if (state is not { State: GuestRunState.Running })
        {
            Post(new GuestFailed(guest.Vm, state is null ? "there is no such guest" : $"the guest is {state.State}"));
            return;
        }

        lock (_alive) _alive.Add(guest.Vm);
        Post(new GuestRunning(guest.Vm, state.RunningSince!.Value));
    }

    private void Destroy(FakeGuest guest)
    {
        lock (_alive) _alive.Remove(guest.Vm);
        guest.Outgoing?.Dispose();
        guest.Outgoing = null;
        guest.Change(_ => null);
        Post(new GuestDead(guest.Vm));
    }

    private void Prepare(FakeGuest guest, PrepareIncoming command, FakeScript script)
    {
        _services.Clock.Delay(script.PrepareMs, () => false);
        var state = script.FailPrepare is not null
            ? guest.Read()
            : guest.Change(before => before ?? new FakeGuestState(command.Vm, command.Spec, GuestRunState.Incoming, 0, null) { Migration = command.Migration, Epoch = command.Epoch });
        if (script.FailPrepare is not null || state?.Migration != command.Migration || state.State is not (GuestRunState.Incoming or GuestRunState.Loaded))
        {
            Post(new IncomingFailed(command.Vm, command.Migration, script.FailPrepare ?? $"a guest of that name is here: {state?.State}"));
            return;
        }

        lock (_alive) _alive.Add(guest.Vm);
        Post(new IncomingReady(command.Vm, command.Migration, HypervisorPort: null));
        if (state.State == GuestRunState.Loaded) Post(new IncomingLoaded(command.Vm, command.Migration, state.Digest));
    }

    private void Begin(FakeGuest guest, StartOutgoing command)
    {
        if (guest.Outgoing is { Runs: true } running && running.Migration == command.Plan.Migration)
        {
            running.Update(command.Plan);
            return;
        }

        if (guest.Read() is not { State: GuestRunState.Running })
        {
            Post(Outcome(guest, command.Plan.Migration, "the guest does not run"));
            return;
        }

        guest.Outgoing?.Dispose();
        guest.Outgoing = new FakeOutgoing(guest, command, _services);
        guest.Outgoing.Start();
    }

    private void Abort(FakeGuest guest, AbortOutgoing command)
    {
        if (guest.Outgoing is { Runs: true } running && running.Migration == command.Migration) running.Abort();
        else Post(Outcome(guest, command.Migration, "aborted"));
    }

    private void Verify(FakeGuest guest, VerifyGuest command, FakeScript script)
    {
        var runs = guest.Read() is { State: GuestRunState.Running };
        Post(new GuestVerified(command.Vm, command.Migration, runs && script.FailVerify is null, script.FailVerify ?? (runs ? "runs" : "does not run")));
    }

    private void LookForTheDead()
    {
        List<VmId> dead;
        lock (_alive)
        {
            dead = [.. _alive.Where(vm => Guest(vm).Read() is null)];
            _alive.ExceptWith(dead);
        }

        foreach (var vm in dead) Post(new GuestVanished(vm, "its file was deleted"));
    }

    private static HypervisorEvent Outcome(FakeGuest guest, MigrationId migration, string reason) => FakeOutgoing.OutcomeOf(guest.Read(), migration, reason) with { Vm = guest.Vm };

    private void Post(HypervisorEvent happened) => _services.Sink.Post(happened);
}
