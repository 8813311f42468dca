using Coordinator.Shared.Contracts.Evacuations;

namespace Simulator.Evacuations;

/// <summary>
/// What peers do: fixed caps and no plan. A guest that may start goes to the given destination, or else to the host with the most
/// memory free at that moment; capacity, labels and anti-affinity are kept, the instance's caps are not theirs. Nobody makes room.
/// </summary>
/// <param name="Global">At once in the fleet.</param>
/// <param name="Out">Leaving one host.</param>
/// <param name="In">Arriving at one host.</param>
/// <param name="PerHost">Leaving and arriving at one host together.</param>
public sealed record SimpleRule(string Name, int Global = int.MaxValue, int Out = int.MaxValue, int In = int.MaxValue, int PerHost = int.MaxValue, bool LargestFirst = false)
{
    public static readonly IReadOnlyList<SimpleRule> All =
    [
        new("one at a time", Global: 1),
        new("1 per source, first come", Out: 1),
        new("5 per cluster, 2 per node", Global: 5, Out: 2),
        new("8 per host", PerHost: 8),
        new("all at once"),
        new("largest first, 1 per source and destination", Out: 1, In: 1, LargestFirst: true),
    ];

    /// <param name="moves">Who moves, and where to; a null destination is chosen at the start.</param>
    public IStartPolicy On(PlanInstance instance, IReadOnlyList<(string Guest, string? Destination)> moves) => new Run(this, instance, moves);

    private sealed class Run : IStartPolicy
    {
        private readonly SimpleRule _rule;
        private readonly List<(PlanGuest Guest, string? Destination)> _waiting;
        private readonly List<PlanHost> _open;
        private readonly Dictionary<string, PlanHost> _hosts;

        public Run(SimpleRule rule, PlanInstance instance, IReadOnlyList<(string Guest, string? Destination)> moves)
        {
            _rule = rule;
            _hosts = instance.Hosts.ToDictionary(h => h.Name);
            var guests = instance.Guests.ToDictionary(g => g.Name);
            _waiting = [.. moves.Select(m => (guests[m.Guest], m.Destination))];
            if (rule.LargestFirst) _waiting = [.. _waiting.OrderByDescending(m => m.Guest.Memory)];
            _open = [.. instance.Hosts.Where(h => !h.Cordoned && !instance.Empty.Contains(h.Name))];
        }

        public double? WakeAt => null;

        public void Ending(string guest)
        {
        }

        public void Arrived(string guest, double now)
        {
        }

        public IReadOnlyList<(string Guest, string Destination)> Start(FluidRun world)
        {
            List<(string Guest, string Destination)> starting = [];
            for (var i = 0; i < _waiting.Count; i++)
            {
                var (guest, wanted) = _waiting[i];
                if (world.UnderWay >= _rule.Global) break;
                if (world.Leaving(guest.Host) >= _rule.Out || world.Leaving(guest.Host) + world.Arriving(guest.Host) >= _rule.PerHost) continue;
                var to = (wanted is null ? _open : [_hosts[wanted]]).Where(h => May(world, guest, h)).MaxBy(h => world.MemoryFree(h.Name));
                if (to is null) continue;
                world.Begin(guest.Name, to.Name);
                _waiting.RemoveAt(i--);
            }

            return starting;
        }

        private bool May(FluidRun world, PlanGuest guest, PlanHost host) =>
            world.Arriving(host.Name) < _rule.In && world.Leaving(host.Name) + world.Arriving(host.Name) < _rule.PerHost
            && (guest.Requires ?? []).All(l => host.Labels?.Contains(l) == true) && world.WhyNoRoom(guest.Name, host.Name) is null;
    }
}
