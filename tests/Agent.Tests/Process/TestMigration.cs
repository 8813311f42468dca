using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Process;

/// <summary>
/// The least a coordinator does for one attempt (hand-off, 2.3), for tests of agents without one: level-triggered, every order a function
/// of the reports seen. It never dies, so its state need not be durable.
/// </summary>
internal sealed class TestMigration(MigrationId id, VmId vm, Epoch epoch, HostId source, HostId destination, GuestSpec spec, TokenSigner signer)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _history = [];
    private Prepared? _prepared;
    private bool _ready;
    private bool _asked;
    private bool _owned;
    private bool _held;
    private string? _rejected;
    private string? _refused;
    private bool _released;

    public MigrationId Id => id;

    public Epoch Epoch => epoch;

    /// <summary>Instead of the grant, the attempt is aborted.</summary>
    public bool Cancels { get; init; }

    /// <summary>Set while the destination is silent: the source is told to hold, then the destination, once it is back, to refuse.</summary>
    public volatile bool HoldNow;

    public MigrationPolicy Policy { get; init; } = MigrationPolicy.Default;

    /// <summary>Ends when both hosts have met all obligations.</summary>
    public Task Settled => _settled.Task;

    public bool Completed => _owned;

    public string History
    {
        get
        {
            lock (_lock) return string.Join('\n', _history);
        }
    }

    /// <summary>What each host must be told now.</summary>
    public IReadOnlyList<(HostId Host, Order Order)> Pending()
    {
        lock (_lock)
        {
            var orders = new List<(HostId, Order)>();
            if (SourceOrder() is { } forSource) orders.Add((source, forSource));
            if (DestinationOrder() is { } forDestination) orders.Add((destination, forDestination));
            return orders;
        }
    }

    public void Take(HostId from, Report report)
    {
        if (report is not MigrationReport of || of.Migration != id) return;
        lock (_lock)
        {
            _history.Add($"{from} {report}");
            switch (report)
            {
                case Prepared prepared: _prepared = prepared; break;
                case SwitchoverReady: _ready = true; break;
                case RefusalAsked: _asked = true; break;
                case Holding: _held = true; break;
                case Owned: _owned = true; break;
                case Rejected rejected: _rejected = rejected.Reason; break;
                case Refused refused: _refused = refused.Reason; break;
                case Released: _released = true; break;
                case SourceGone: _rejected = "gone"; break;
            }

            if (_owned && (_rejected ?? _refused) is { } contradiction) _settled.TrySetException(new InvalidOperationException($"owned and given up ({contradiction}):\n" + string.Join('\n', _history)));
            if ((_owned && _released) || (_rejected is not null && _refused is not null)) _settled.TrySetResult();
        }
    }

    // The number only ever grows: each answer counts.
    private long Number => 10 + _history.Count;

    private Order? SourceOrder()
    {
        if (_owned) return _released ? null : new Release(vm, Number, id, epoch);
        if (_rejected is not null) return null;
        if (_refused is not null) return new AbortOut(vm, Number, id, epoch, "the destination refused: " + _refused);
        if (HoldNow && !_held) return new Hold(vm, Number, id, epoch);
        if (_prepared is null) return null;
        var plan = new MigrateOut(vm, Number, id, epoch, destination, _prepared.Endpoint, spec, Policy, Force: false);
        if (!_ready) return plan;
        if (Cancels) return new AbortOut(vm, Number, id, epoch, "cancelled");
        return new SwitchOver(vm, Number, id, epoch, signer.Sign(new SwitchoverToken(vm, id, epoch, source, destination)), plan, Force: false);
    }

    private Order? DestinationOrder()
    {
        if (_owned || _refused is not null) return null;
        if (_rejected is not null || _asked || _held) return new RefuseIn(vm, Number, id, epoch, _rejected ?? "the source asks");
        return _prepared is null ? new PrepareIn(vm, Number, id, epoch, source, spec, Policy) : null;
    }
}
