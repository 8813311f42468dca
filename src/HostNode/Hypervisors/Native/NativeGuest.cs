using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.Hypervisors.Native;

/// <summary>
/// One guest of this host: carries out its commands in order, each on the guest's own queue, and turns what came of them into events.
/// What it knows is always asked of the holder, for that is what outlives us.
/// </summary>
internal sealed class NativeGuest(VmId vm, NativeParts parts) : IDisposable
{
    private readonly SerialQueue _queue = new("guest-" + vm.Value);
    private GuestLink? _link;
    private OutgoingRun? _outgoing;
    private IncomingRun? _incoming;

    public void Execute(HypervisorCommand command) => _queue.Post(() =>
    {
        try
        {
            Do(command);
        }
        catch (Exception failed) when (failed is IOException or HolderRefusedException or UnauthorizedAccessException or ArgumentException or System.ComponentModel.Win32Exception)
        {
            parts.Sink.Post(Failure(command, failed.Message));
        }
    });

    /// <summary>Looks for a living holder; null if there is none.</summary>
    public DiscoveredGuest? Discover() => _queue.Ask(Look);

    /// <summary>Hands a stream to the attempt it is for; false if that is not being received here.</summary>
    public bool TryAccept(PeerHello hello, Stream stream)
    {
        var incoming = Volatile.Read(ref _incoming);
        if (incoming is null || !incoming.IsFor(hello)) return false;
        incoming.Accept(stream);
        return true;
    }

    public void Dispose() => _queue.Ask(() =>
    {
        Detach();
        return true;
    });

    private void Do(HypervisorCommand command)
    {
        switch (command)
        {
            case StartGuest c: Start(c); break;
            case RunGuest c: Run(c); break;
            case DestroyGuest: Destroy(); break;
            case PrepareIncoming c: Prepare(c); break;
            case StartOutgoing c: StartOut(c); break;
            case UpdateOutgoing c: _outgoing?.Update(c.Plan); break;
            case StopAndCopy c: StopOut(c); break;
            case AbortOutgoing c: AbortOut(c); break;
            case VerifyGuest c: Verify(c); break;
            default: throw new ArgumentException($"unknown command {command.GetType().Name}");
        }
    }

    private void Start(StartGuest command)
    {
        var link = Attached();
        if (link is null) Adopt(link = parts.Launcher.Start(vm, command.Spec, incoming: false));
        RunNow(link, command.Epoch);
    }

    private void Run(RunGuest command)
    {
        if (Attached() is not { } link)
        {
            parts.Sink.Post(new GuestFailed(vm, "there is no such guest on this host"));
            return;
        }

        // A transfer that still works on a stopped guest must be over before the guest changes its memory again.
        if (_outgoing is { HasEnded: false } && link.Status().State != HolderState.Running) _outgoing.Abort("the guest is to run here");
        RunNow(link, command.Epoch);
        if (Interlocked.Exchange(ref _incoming, null) is { } done) done.Dispose();
    }

    private void RunNow(GuestLink link, Epoch epoch)
    {
        var status = link.Ask(new HolderRequest("run") { Epoch = epoch.Value, Host = parts.Options.Host.Value });
        parts.Sink.Post(new GuestRunning(vm, status.RunningSince ?? parts.Clock.GetUtcNow()));
    }

    private void Destroy()
    {
        var link = Attached();
        link?.WhenLost(null);
        parts.Launcher.Kill(vm, link);
        Detach();
        parts.Sink.Post(new GuestDead(vm));
    }

    private void Prepare(PrepareIncoming command)
    {
        if (_incoming is { } present && present.Migration == command.Migration)
        {
            parts.Sink.Post(present.End is IncomingFailed ? present.End : new IncomingReady(vm, command.Migration, null));
            if (present.End is IncomingLoaded) parts.Sink.Post(present.End);
            return;
        }

        if (Attached() is { } old)
        {
            var status = old.Status();
            var isOurs = status.State == HolderState.Loaded && status.Label == command.Migration.Value;
            parts.Sink.Post(isOurs
                ? new IncomingLoaded(vm, command.Migration, status.Digest!)
                : new IncomingFailed(vm, command.Migration, $"a guest of that name is here already ({status.State})"));
            return;
        }

        Adopt(parts.Launcher.Start(vm, command.Spec, incoming: true));
        _link!.Ask(new HolderRequest("label") { Label = command.Migration.Value });
        var memory = _link.Files(writable: true);
        memory.Memory.Populate();
        _link.Ask(new HolderRequest("populate"));
        Volatile.Write(ref _incoming, new IncomingRun(command, _link, memory, parts.Sink));
        parts.Sink.Post(new IncomingReady(vm, command.Migration, null));
    }

    private void StartOut(StartOutgoing command)
    {
        var migration = command.Plan.Migration;
        if (_outgoing is { } present && present.Migration == migration && (!present.HasEnded || present.Link >= command.Link || present.Last is OutgoingCompleted))
        {
            if (present.Last is { } last) parts.Sink.Post(last);
            return;
        }

        EndOutgoing("replaced by another attempt");
        if (Attached() is not { } link)
        {
            parts.Sink.Post(new OutgoingFailed(vm, migration, "there is no such guest on this host", GuestRuns: false));
            return;
        }

        var status = link.Status();
        if (status.State != HolderState.Running)
        {
            parts.Sink.Post(Standing(status, migration, $"the guest does not run ({status.State})"));
            return;
        }

        status = link.Ask(new HolderRequest("label") { Label = migration.Value });
        var memory = link.Files(writable: false);
        _outgoing = new OutgoingRun(command, link, status.Departures, memory, Tracker(link, status, memory), parts);
        _outgoing.Start();
    }

    private void StopOut(StopAndCopy command)
    {
        if (_outgoing is { } run && run.Migration == command.Migration)
        {
            if (run.HasEnded) parts.Sink.Post(run.Last!);
            else run.StopAndCopy();
            return;
        }

        parts.Sink.Post(Standing(Attached()?.Status(), command.Migration, "no such transfer is under way"));
    }

    private void AbortOut(AbortOutgoing command)
    {
        if (_outgoing is { } run && run.Migration == command.Migration)
        {
            if (run.HasEnded) parts.Sink.Post(run.Last!);
            else run.Abort("aborted by order");
            return;
        }

        parts.Sink.Post(Standing(Attached()?.Status(), command.Migration, "no such transfer is under way"));
    }

    // What an agent before us left: completed, or not and then it never will be.
    private HypervisorEvent Standing(HolderStatus? status, MigrationId migration, string reason)
    {
        if (status?.State == HolderState.Running && status.Label == migration.Value) _link!.Ask(new HolderRequest("label"));
        if (status is not { State: HolderState.Completed } done || done.Label != migration.Value)
            return new OutgoingFailed(vm, migration, reason, GuestRuns: status?.State == HolderState.Running);
        var unknown = new TransferStats(ByteCount.Zero, ByteCount.Zero, 0, TimeSpan.Zero, TimeSpan.Zero);
        return new OutgoingCompleted(vm, migration, done.Digest!, unknown, done.PausedAt ?? parts.Clock.GetUtcNow());
    }

    private void Verify(VerifyGuest command)
    {
        var status = Attached()?.Ask(new HolderRequest("check"));
        var well = status is { State: HolderState.Running, Errors: 0 };
        var detail = status is null ? "there is no such guest on this host"
            : $"{status.State}, {status.Errors} wrong pages of {status.PagesWritten} written, counter {status.Counter}";
        parts.Sink.Post(new GuestVerified(vm, command.Migration, well, detail));
    }

    private DiscoveredGuest? Look()
    {
        try
        {
            if (Attached()?.Status() is not { } status) return null;
            var spec = new GuestSpec("native", new ByteCount(status.Memory), status.Vcpus)
            {
                Load = new SyntheticLoad(new ByteCount(status.WorkingSet), new ByteRate(status.DirtyRate), status.Ledger),
            };
            MigrationId? migration = MigrationId.TryParse(status.Label, out var id) ? id : null;
            return new DiscoveredGuest(vm, spec, State(status.State), migration, status.State == HolderState.Loaded ? status.Digest : null);
        }
        catch (Exception gone) when (gone is IOException or HolderRefusedException)
        {
            return null;
        }
    }

    private static GuestRunState State(HolderState state) => state switch
    {
        HolderState.Running => GuestRunState.Running,
        HolderState.Incoming => GuestRunState.Incoming,
        HolderState.Loaded => GuestRunState.Loaded,
        HolderState.Completed => GuestRunState.Completed,
        _ => GuestRunState.Paused,
    };

    private IDirtyTracker Tracker(GuestLink link, HolderStatus status, GuestMemory memory)
    {
        if (!parts.UsesWpAsync) return new CooperativeTracker(memory.Written);
        var scanner = new PageMapScanner(status.Process, (nint)status.Address, status.Memory);
        return new WpAsyncTracker(scanner, on => link.Ask(new HolderRequest("track") { On = on }));
    }

    private GuestLink? Attached()
    {
        if (_link is null && parts.Launcher.Attach(vm) is { } found) Adopt(found);
        return _link;
    }

    private void Adopt(GuestLink link)
    {
        _link = link;
        link.WhenLost(() => _queue.Post(() => Lost(link)));
    }

    private void Lost(GuestLink link)
    {
        if (_link != link) return;
        Detach();
        try
        {
            if (Attached() is null) parts.Sink.Post(new GuestVanished(vm, "its guest-holder ended"));
        }
        catch (IOException)
        {
            // It lives and does not listen: nothing may be said about its guest, and the next command says why it fails.
        }
    }

    private void Detach()
    {
        EndOutgoing("the guest is gone");
        if (Interlocked.Exchange(ref _incoming, null) is { } incoming) incoming.Dispose();
        _link?.Dispose();
        _link = null;
    }

    private void EndOutgoing(string reason)
    {
        if (_outgoing is not { } run) return;
        if (!run.HasEnded) run.Abort(reason);
        run.Dispose();
        _outgoing = null;
    }

    private bool Runs()
    {
        try
        {
            return Attached()?.Status().State == HolderState.Running;
        }
        catch (Exception gone) when (gone is IOException or HolderRefusedException)
        {
            return false;
        }
    }

    private HypervisorEvent Failure(HypervisorCommand command, string reason) => command switch
    {
        PrepareIncoming c => new IncomingFailed(c.Vm, c.Migration, reason),
        StartOutgoing c => new OutgoingFailed(c.Vm, c.Plan.Migration, reason, GuestRuns: Runs()),
        StopAndCopy c => new OutgoingFailed(c.Vm, c.Migration, reason, Runs()),
        AbortOutgoing c => new OutgoingFailed(c.Vm, c.Migration, reason, Runs()),
        VerifyGuest c => new GuestVerified(c.Vm, c.Migration, false, reason),
        _ => new GuestFailed(command.Vm, reason),
    };
}
