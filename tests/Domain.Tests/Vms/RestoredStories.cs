using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Placement = Coordinator.Domain.Vms.Vm;
using static Domain.Tests.Migrations.Samples;

namespace Domain.Tests.Vms;

/// <summary>
/// Stories drawn at random: a VM is moved, stopped and started among three hosts, a backup is made somewhere in the middle and restored at the end. Its hosts tell
/// in any order, some attempts end only while they tell. Whatever the store would order or accept at any moment must make no second copy.
/// </summary>
public sealed class RestoredStories
{
    private static readonly HostId[] Hosts = [A, B, new HostId("host-c")];

    [Fact]
    public void Whatever_happened_since_the_backup_and_whoever_tells_first_no_second_copy_may_be_started()
    {
        var (moved, open, lost) = (0, 0, 0);
        for (var seed = 0; seed < 20_000; seed++)
        {
            var story = new Story(new Random(seed));
            story.Play();
            if (story.Vm.Host != A) moved++;
            if (story.HadOpen) open++;
            if (story.Vm.Power == VmPower.Lost) lost++;
        }

        // They are about something.
        Assert.All([moved, open, lost], count => Assert.InRange(count, 1_000, 20_000));
    }

    private sealed class Story(Random random)
    {
        // The truth: what each host's journal says, and the one open attempt.
        private readonly Dictionary<HostId, Epoch> _highest = Hosts.ToDictionary(host => host, _ => Epoch.None);
        private HostId? _owner = A;
        private Epoch _epoch = new(1);
        private Epoch _last = new(1);
        private (MigrationId Id, Epoch Epoch, HostId From, HostId To)? _attempt;
        private readonly HashSet<HostId> _told = [];
        private int _version = 100;
        private int _attempts;

        public bool HadOpen { get; private set; }

        public Placement Vm { get; private set; } = new(new VmId("web-1"), Native, A, new Epoch(1), new Epoch(1), VmPower.Running, "vm-web-1") { ClaimCounted = true };

        public void Play()
        {
            _highest[A] = new Epoch(1);
            for (var steps = random.Next(4); steps > 0; steps--) Happen();
            Vm = Vm with { Host = _owner ?? Vm.Host, Epoch = _epoch, HighestEpoch = _last, Power = _owner is null ? VmPower.Stopped : VmPower.Running, Migration = _attempt?.Id };
            for (var steps = random.Next(6); steps > 0; steps--) Happen();
            HadOpen = _attempt is not null;
            Decide(new DoubtPlacement("r"));
            var hosts = Hosts.ToArray();
            random.Shuffle(hosts);
            foreach (var host in hosts)
            {
                Decide(new WordTold(host, WordOf(host)));
                _told.Add(host);
                if (random.Next(2) == 0) Settle();
            }

            Settle();
            Decide(new AllTold());
            Assert.Null(Vm.Doubted);
            if (_owner is { } owner) Assert.Equal((owner, _epoch, VmPower.Running), (Vm.Host, Vm.Epoch, Vm.Power));
        }

        // What the coordinator of then decided, and the hosts did.
        private void Happen()
        {
            switch (random.Next(4))
            {
                case 0 when _attempt is not null:
                    End(completes: random.Next(2) == 0);
                    break;
                case 1 when _attempt is null && _owner is not null:
                    _owner = null;
                    break;
                case 2 when _owner is null:
                    (_owner, _epoch) = (Hosts[random.Next(3)], Burn());
                    _highest[_owner.Value] = _epoch;
                    break;
                case 3 when _attempt is null && _owner is { } from:
                    var to = Hosts.Where(host => host != from).ElementAt(random.Next(2));
                    _attempt = (MigrationId.Create(7, Noon, ++_attempts), Burn(), from, to);
                    // Either host may not have been told yet.
                    if (random.Next(4) > 0) _highest[from] = _last;
                    if (random.Next(4) > 0) _highest[to] = _last;
                    break;
            }
        }

        private Epoch Burn() => _last = _last.Next;

        private void End(bool completes)
        {
            var attempt = _attempt!.Value;
            (_highest[attempt.From], _highest[attempt.To], _attempt) = (attempt.Epoch, attempt.Epoch, null);
            if (completes) (_owner, _epoch) = (attempt.To, attempt.Epoch);
        }

        private VmWord WordOf(HostId host)
        {
            var placed = _owner == host;
            List<OpenAttempt> open = [];
            if (_attempt is { } a && _highest[host] == a.Epoch)
            {
                if (host == a.From) open.Add(new OpenAttempt(a.Id, a.Epoch, MigrationRole.Source, a.To, Native, MigrationPolicy.Default));
                if (host == a.To) open.Add(new OpenAttempt(a.Id, a.Epoch, MigrationRole.Destination, a.From, Native, MigrationPolicy.Default));
            }

            return new VmWord(Vm.Id, _highest[host], placed ? _epoch : null, placed ? Native : null, Ran: placed, open);
        }

        // The cut migration ends by the word of a host that has told: as the hand-off goes on by itself, or because the source gives it back.
        private void Settle()
        {
            if (_attempt is not { } attempt || Vm.Migration != attempt.Id) return;
            var begun = _highest[attempt.From] == attempt.Epoch && _highest[attempt.To] == attempt.Epoch;
            var completes = begun && _told.Contains(attempt.To) && random.Next(2) == 0;
            if (!completes && !_told.Contains(attempt.From)) return;
            End(completes);
            MigrationEvent end = completes ? new MigrationCompleted(MigrationRole.Destination, "d", null) : new MigrationAborted("source.rejected", "restored", MigrationRole.Source, GuestRuns: true, Transient: false);
            Decide(new FollowMigration(Fold([new MigrationRequested(Plan with { Id = attempt.Id, Epoch = attempt.Epoch, Source = attempt.From, Destination = attempt.To }), new HistoryCut("r"), end])));
        }

        private void Decide(VmInput input)
        {
            foreach (var e in VmDecider.Decide(Vm, input).Events) Vm = (Placement)VmEvolution.Evolve(Vm, e, ++_version, Noon);
            Assert.Null(Vm.Conflict);
            // Nothing that is ordered, or would be accepted, starts a guest that some host has.
            if (VmOrders.Pending(Vm) is { } order) Assert.True(_owner is null || (_owner == order.Host && order.Order.Epoch <= _highest[order.Host]), $"{order} while it is on {_owner}");
            foreach (var host in Hosts)
            {
                if (Accepts(new Start(host, "now"))) Assert.Null(_owner);
                if (Accepts(new OpenMigration(MigrationId.Create(7, Noon, 99), host))) Assert.Equal((Vm.Host, Vm.Epoch), (_owner, _epoch));
            }
        }

        private bool Accepts(VmInput wish) => VmDecider.Decide(Vm, wish) is { Refusal: null, Events.Count: > 0 };
    }
}
