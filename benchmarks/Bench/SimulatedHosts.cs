using System.Collections.Concurrent;
using System.Diagnostics;
using Coordinator.Application.Bus;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Bench;

/// <summary>Where the links of some hosts are: the bus that brings their orders, and the way of their reports to a shard.</summary>
public sealed record HostsAt(IBus Bus, Action<int, HostReported> Say);

/// <summary>
/// Agents that answer at once: every order is answered by the report a real host would send. The load generator pays for itself in the same process.
/// </summary>
public sealed class SimulatedHosts : IDisposable
{
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
        foreach (var (from, report) in HostAnswers.To(host, order)) Say(from, report);
    }

    private void Say(HostId host, Report report)
    {
        var n = Interlocked.Increment(ref number);
        if (OnAcknowledged is not null) unacknowledged[n] = Stopwatch.GetTimestamp();
        ways[host](report is MigrationReport m ? m.Migration.Shard : Shards.Of(report.Vm.Value, shards), new HostReported(host, 1, n, report));
    }
}
