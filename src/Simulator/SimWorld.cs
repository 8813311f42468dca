using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Simulator;

/// <summary>
/// A whole cluster in one thread of virtual time: the production machines of coordinators and agents over simulated store, network,
/// guests and people. After every step the invariants of the hand-off are checked.
/// </summary>
public sealed class SimWorld
{
    private readonly ulong seed;
    private readonly SimOptions options;
    private readonly Dictionary<HostId, SimHost> hosts = [];
    private readonly List<SimCoordinator> coordinators = [];
    private readonly Dictionary<string, Lane> lanes = [];
    private readonly Dictionary<VmId, int> written = [];
    private readonly HashSet<VmId> lost = [];
    private readonly Dictionary<(HostId, HostId), DateTimeOffset> cuts = [];
    private readonly HashSet<MigrationId> open = [];
    private readonly Dictionary<MigrationId, string> terminal = [];
    private readonly List<string> violations = [];
    private readonly List<string> trace = [];
    private readonly SimPeople people;
    private SimCoordinator current;
    private ulong hash = 14695981039346656037UL;
    private int migrations;

    public SimWorld(ulong seed, SimOptions options)
    {
        this.seed = seed;
        this.options = options;
        Store = new SimStore(Time, Lane("store"), options.Shards) { FaultsPerMille = options.StoreFaults, Written = Decided };
        for (var i = 0; i < options.Hosts; i++)
        {
            var id = new HostId($"host-{(char)('a' + i)}");
            hosts.Add(id, new SimHost(this, id, seed) { CrashesPerMille = options.CrashAgent });
        }

        coordinators.Add(current = new SimCoordinator(this, Store, "c1", Lane("c1")) { CrashesPerMille = options.CrashCoordinator });
        coordinators.Add(new SimCoordinator(this, Store, "c2", Lane("c2")) { CrashesPerMille = options.CrashCoordinator });
        people = new SimPeople(this, options, Lane("people"));
    }

    public Timeline Time { get; } = new();

    public Counts Counts { get; } = new();

    public SimStore Store { get; }

    public IReadOnlyCollection<SimHost> Hosts => hosts.Values;

    public IReadOnlyCollection<VmId> Vms => written.Keys;

    public bool Settled { get; private set; }

    /// <summary>Runs the seed to its end.</summary>
    public SimResult Run()
    {
        current.Start();
        foreach (var host in hosts.Values) host.StartAgent();
        for (var i = 0; i < options.Vms; i++) written.Add(new VmId($"vm-{i}"), 0);
        people.Plan();
        foreach (var vm in written.Keys) Write(vm, Lane("guest/" + vm));
        PlanFaults(Lane("faults"));
        while (Time.Step(options.FaultsUntil)) Check();
        Heal();
        while (!Settled && Time.Step(options.Horizon)) Check();
        CheckEnd();
        return new SimResult(seed, hash, migrations, Time.Steps, violations, Counts, trace);
    }

    public Lane Lane(string name)
    {
        if (!lanes.TryGetValue(name, out var lane)) lanes.Add(name, lane = new Lane(seed, name));
        return lane;
    }

    public SimHost Host(HostId id) => hosts[id];

    public SimGuest? Guest(HostId host, VmId vm) => hosts[host].Hypervisor.Guests.GetValueOrDefault(vm);

    /// <summary>Writes of the guest that the world has seen: a guest started from disk begins with them.</summary>
    public int Content(VmId vm) => written[vm];

    public bool Linked(HostId a, HostId b) => hosts[a].PoweredOn && hosts[b].PoweredOn && !(cuts.TryGetValue(Pair(a, b), out var until) && Time.Now < until);

    // ---- the network: may lose, repeat, delay and reorder

    public void ToCoordinator(SimHost from, HostReported report)
    {
        var shard = report.Report is MigrationReport m ? m.Migration.Shard : Shards.Of(report.Report.Vm.Value, options.Shards);
        Send($"{from.Id}>c", () => current.Post(new MessageArrived(shard, report)));
    }

    public void ToShard(SimCoordinator from, BusMessage message)
    {
        var shard = int.Parse(message.Address.AsSpan("shard.".Length), System.Globalization.CultureInfo.InvariantCulture);
        Send("bus", () => (from.Alive ? from : current).Post(new MessageArrived(shard, message.Body)));
    }

    public void ToHost(HostId host, Order order) => Send($"c>{host}", () => hosts[host].Hear(new HostNode.Agent.Machine.OrderReceived(order)));

    public void Ack(HostId host, long startCount, long n) => Send($"c>{host}", () => hosts[host].Acknowledged(startCount, n));

    public void ToPeer(SimHost from, HostId to, PeerMessage message) => Send($"{from.Id}>{to}", () =>
    {
        if (Linked(from.Id, to)) hosts[to].Hear(new HostNode.Agent.Machine.PeerReceived(from.Id, message));
    });

    private void Send(string link, Action arrive)
    {
        var lane = Lane(link);
        var faulty = Time.Elapsed < options.FaultsUntil;
        if (faulty && lane.Chance(options.Drop))
        {
            Counts.Add("message dropped");
            return;
        }

        if (faulty && lane.Chance(options.Duplicate))
        {
            Counts.Add("message repeated");
            Time.After(lane.Ms(1, 2_000), arrive);
        }

        var late = faulty && lane.Chance(options.Delay);
        if (late) Counts.Add("message delayed");
        Time.After(late ? lane.Ms(50, 4_000) : lane.Ms(0, 3), arrive);
    }

    // ---- what happens in the world

    public void HostLinked(SimHost host)
    {
        if (!host.Alive || !current.Alive) return;
        var startCount = host.Journal.OfType<HostNode.Agent.Machine.Started>().LastOrDefault()?.StartCount ?? 0;
        var facts = new HostFacts(ByteCount.FromMebi(64 * 1024), 8, "10.0.0.1", 7500, ["sim"], []);
        Submit(new AdmitHost(new Admit(host.Id, $"journal-{host.Id}", startCount, "boot", facts)), "host/" + host.Id, _ => { });
        current.HostLinked(host);
        host.SendUnacknowledged();
    }

    public void TookOver(SimCoordinator coordinator)
    {
        current = coordinator;
        Counts.Add("takeover");
        Note($"{coordinator.Name} takes over");
        foreach (var host in hosts.Values) Time.After(Lane("reconnect").Ms(5, 500), () => HostLinked(host));
    }

    public void Submit(Command command, string actor, Action<CommandResult> reply, string reason = "simulated") =>
        current.Post(new CommandArrived(command, new CommandContext(actor, "api", reason, null, null, null, null, null), reply));

    public void Ran(SimHost host, SimGuest guest)
    {
        Note($"{host.Id} runs {guest.Vm} with content {guest.Content}");
        if (guest.Content != written[guest.Vm]) Violation($"S3: {guest.Vm} resumed on {host.Id} with {guest.Content} of {written[guest.Vm]} writes");
    }

    public void CopyDestroyed(SimHost host, SimGuest guest)
    {
        if (guest.IsComplete && guest.Content == written[guest.Vm]) lost.Add(guest.Vm);
        Note($"{host.Id} lost its copy of {guest.Vm} ({guest.State})");
    }

    private void Decided(StoredEvent e)
    {
        Hash(e.Stream);
        Hash(e.Type);
        Note($"{e.Stream}@{e.Version} {e.Type} {System.Text.Encoding.UTF8.GetString(e.Body.Span)}");
        if (!e.Stream.StartsWith("migration-", StringComparison.Ordinal)) return;
        var id = MigrationId.Parse(e.Stream["migration-".Length..]);
        switch (e.Type)
        {
            case nameof(MigrationRequested):
                migrations++;
                open.Add(id);
                break;
            case nameof(MigrationCompleted) or nameof(MigrationAborted) or nameof(MigrationLost) or nameof(MigrationHeld):
                Counts.Add(e.Type);
                if (!terminal.TryAdd(id, e.Type)) Violation($"S4: {id} ended twice: {terminal[id]}, then {e.Type}");
                break;
            case nameof(WentForward) or nameof(MigrationCancelling) or nameof(SourceAskedRefusal) or nameof(SourceHeld) or nameof(HeldResolved) or nameof(SourceHostLost):
                Counts.Add(e.Type);
                break;
            case nameof(MigrationClosed):
                open.Remove(id);
                break;
        }
    }

    public void Alert(RaiseAlert alert)
    {
        Counts.Add("alert " + alert.Code);
        if (alert.Code == "protocol.violation") Violation($"{alert.Stream}: {alert.Detail}");
    }

    public void Note(string what)
    {
        if (trace.Count < 20_000) trace.Add($"{Time.Elapsed.TotalSeconds,9:0.000} {what}");
    }

    private void Write(VmId vm, Lane lane) => Time.After(lane.Ms(15, 60), () =>
    {
        foreach (var host in hosts.Values)
        {
            if (host.Hypervisor.Guests.TryGetValue(vm, out var guest) && guest.State == HostNode.Hypervisors.GuestRunState.Running) written[vm] = ++guest.Content;
        }

        if (Time.Elapsed < options.FaultsUntil + TimeSpan.FromSeconds(5)) Write(vm, lane);
    });

    private void PlanFaults(Lane lane)
    {
        var all = hosts.Values.ToList();
        foreach (var host in all)
        {
            if (lane.Chance(options.Reboot)) Time.After(lane.Ms(3_000, 55_000), () => IfOn(host, () => host.PowerOff(lane.Ms(500, 9_000))));
            else if (lane.Chance(options.Destroyed)) Time.After(lane.Ms(3_000, 55_000), () => IfOn(host, () => people.Destroy(host)));
        }

        foreach (var (a, b) in all.SelectMany(a => all.Where(b => string.CompareOrdinal(a.Id.Value, b.Id.Value) < 0).Select(b => (a, b))))
        {
            if (!lane.Chance(options.Cut)) continue;
            Time.After(lane.Ms(3_000, 50_000), () =>
            {
                Counts.Add("link cut");
                cuts[Pair(a.Id, b.Id)] = Time.Now + lane.Ms(200, 12_000);
            });
        }

        if (lane.Chance(options.Zombie)) Time.After(lane.Ms(5_000, 50_000), () =>
        {
            Counts.Add("zombie");
            coordinators.First(c => c != current).Start();
        });
    }

    private static void IfOn(SimHost host, Action then)
    {
        if (host.PoweredOn) then();
    }

    private void Heal()
    {
        Store.FaultsPerMille = 0;
        foreach (var host in hosts.Values) host.CrashesPerMille = 0;
        foreach (var coordinator in coordinators) coordinator.CrashesPerMille = 0;
        cuts.Clear();
        people.Settle();
    }

    // ---- checkers

    private void Check()
    {
        foreach (var vm in written.Keys) CheckVm(vm);
        if (Time.Elapsed > options.FaultsUntil && open.Count == 0 && people.Done) Settled = true;
    }

    private void CheckVm(VmId vm)
    {
        var running = 0;
        var resumable = false;
        var any = false;
        foreach (var host in hosts.Values)
        {
            if (!host.Hypervisor.Guests.TryGetValue(vm, out var guest)) continue;
            any = true;
            if (guest.State == HostNode.Hypervisors.GuestRunState.Running) running++;
            resumable |= guest.IsComplete && guest.Content == written[vm];
        }

        if (running > 1) Violation($"S1: {vm} runs {running} times");
        if (!resumable && any && !lost.Contains(vm) && written[vm] > 0) Violation($"S2: no complete, current copy of {vm} is left");
    }

    private void CheckEnd()
    {
        foreach (var id in open) Violation($"L1: {id} never settled ({terminal.GetValueOrDefault(id, "no outcome")})");
        if (open.Count > 0) return;
        foreach (var host in hosts.Values.Where(h => !h.WrittenOff))
        {
            foreach (var guest in host.Hypervisor.Guests.Values)
            {
                if (guest.State != HostNode.Hypervisors.GuestRunState.Running) Violation($"residue: {guest.Vm} is {guest.State} on {host.Id}");
            }
        }
    }

    internal void Violation(string what)
    {
        if (violations.Count < 20) violations.Add($"{Time.Elapsed.TotalSeconds:0.000} s: {what}");
        Note("VIOLATION " + what);
    }

    private void Hash(string text)
    {
        foreach (var c in text) hash = (hash ^ c) * 1099511628211UL;
    }

    private static (HostId, HostId) Pair(HostId a, HostId b) => string.CompareOrdinal(a.Value, b.Value) < 0 ? (a, b) : (b, a);
}
