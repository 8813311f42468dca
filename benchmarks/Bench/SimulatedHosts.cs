using System.Collections.Concurrent;
using System.Diagnostics;
using Coordinator.Application.Bus;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Bench;

/// <summary>Where the links of some hosts are: the bus that brings their orders, and the way of their reports to a shard.</summary>
public sealed record HostsAt(IBus Bus, Action<int, HostReported> Say);

/// <summary>
/// Agents that answer at once: every order is answered by the report a real host would send. The load generator pays for itself in the same process.
/// </summary>
public sealed class SimulatedHosts : IDisposable
{
    private static readonly TransferEndpoint Endpoint = new("127.0.0.1", 7500, null);
    private static readonly TransferStats Stats = new(ByteCount.FromMebi(64), ByteCount.Zero, 1, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(20));
    private static readonly RoundFacts Round = new(1, ByteCount.FromMebi(64), TimeSpan.FromSeconds(1), ByteCount.FromMebi(1), ByteRate.FromMebi(100), ByteRate.FromMebi(1), 0);

    private readonly List<IDisposable> subscriptions = [];
    private readonly ConcurrentDictionary<long, long> unacknowledged = new();
    private readonly Dictionary<HostId, Action<int, HostReported>> ways = [];
    private readonly int shards;
    private long number;

    /// <param name="places">Where links are; hosts are spread over them in turn.</param>
    /// <param name="stopAt">An order that is never answered: migrations stay in flight there.</param>
    public SimulatedHosts(IReadOnlyList<HostsAt> places, IReadOnlyList<HostId> hosts, int shards, Type? stopAt = null)
    {
        this.shards = shards;
        for (var i = 0; i < hosts.Count; i++)
        {
            var (host, place) = (hosts[i], places[i % places.Count]);
            ways[host] = place.Say;
            subscriptions.Add(place.Bus.Subscribe(BusMessage.Host(host), m =>
            {
                if (m.Body is OrderForHost { Order: var order } && order.GetType() != stopAt) Answer(host, order);
                else if (m.Body is AckForHost ack) Acknowledged(ack.N);
            }));
        }
    }

    /// <summary>Told how long it took from a report to its acknowledgement: to the event's commit and back.</summary>
    public Action<TimeSpan>? OnAcknowledged { get; set; }

    public void Dispose() => subscriptions.ForEach(s => s.Dispose());

    private void Acknowledged(long n)
    {
        if (unacknowledged.TryRemove(n, out var said)) OnAcknowledged?.Invoke(Stopwatch.GetElapsedTime(said));
    }

    private void Answer(HostId host, Order order)
    {
        switch (order)
        {
            case StartVm o:
                Say(host, new VmRunning(o.Vm, o.Epoch), Shards.Of(o.Vm.Value, shards));
                break;
            case Precheck o:
                Say(host, new PrecheckReported(o.Vm, o.Migration, o.Epoch, o.Role, []), o.Migration.Shard);
                break;
            case PrepareIn o:
                Say(host, new Prepared(o.Vm, o.Migration, o.Epoch, Endpoint), o.Migration.Shard);
                break;
            case MigrateOut o:
                Say(host, new RoundCompleted(o.Vm, o.Migration, o.Epoch, Round, "within the limit"), o.Migration.Shard);
                Say(host, new SwitchoverReady(o.Vm, o.Migration, o.Epoch, TimeSpan.FromMilliseconds(20)), o.Migration.Shard);
                break;
            case SwitchOver o:
                Say(host, new CommitSent(o.Vm, o.Migration, o.Epoch, "digest", Stats), o.Migration.Shard);
                Say(o.Grant.Token.Destination, new Owned(o.Vm, o.Migration, o.Epoch, "digest", TimeSpan.FromMilliseconds(12)), o.Migration.Shard);
                break;
            case Release o:
                Say(host, new Released(o.Vm, o.Migration, o.Epoch), o.Migration.Shard);
                break;
            case VerifyIn o:
                Say(host, new Verified(o.Vm, o.Migration, o.Epoch, true, "well"), o.Migration.Shard);
                break;
        }
    }

    private void Say(HostId host, Report report, int shard)
    {
        var n = Interlocked.Increment(ref number);
        if (OnAcknowledged is not null) unacknowledged[n] = Stopwatch.GetTimestamp();
        ways[host](shard, new HostReported(host, 1, n, report));
    }
}
