using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using HostNode.Agent.Machine;

namespace Simulator;

/// <summary>
/// The invariants of the hand-off, checked after each step on what the step touched: guests (S1 to S3), the log (S4, S5, versions, terms,
/// epochs, caps) and the hosts' journals (every order acted on once, words that exclude each other); the whole world at the end (L1, residue).
/// </summary>
public sealed class WorldChecks
{
    private readonly SimWorld world;
    private readonly GuestChecks guests;
    private readonly LogChecks log;
    private readonly JournalChecks journals;
    private readonly List<string> violations = [];

    public WorldChecks(SimWorld world)
    {
        this.world = world;
        guests = new GuestChecks(world);
        log = new LogChecks(world);
        journals = new JournalChecks(world, log);
    }

    public IReadOnlyList<string> Violations => violations;

    /// <summary>Migrations that were requested and have reached their end.</summary>
    public int Ended => log.ClosedCount;

    /// <summary>Migrations that were requested and have not.</summary>
    public int Open => log.OpenCount;

    /// <summary>Migrations whose grant is in the log and whose INTENT is not.</summary>
    public bool AnyBetweenGrantAndIntent => log.BetweenGrantAndIntent > 0;

    public bool WentForward(Coordinator.Shared.Identity.MigrationId migration) => log.WentForward(migration);

    public bool IsResolved(Coordinator.Shared.Identity.MigrationId migration) => log.IsResolved(migration);

    public void Touched(SimVm vm) => guests.Touched(vm);

    public int Written(SimVm vm) => guests.Written(vm);

    /// <summary>A stopped copy is about to run.</summary>
    public void Runs(SimHost host, SimGuest guest)
    {
        world.Trace.Add($"{host} runs {guest.Vm.Id} with content {guest.Content}");
        world.Time.Mix((ulong)guest.Content);
        if (guest.Migration is { } migration) Tell(new HandoffWord(world.Time.Elapsed, migration, host.Id.Value, "GuestRuns"));
        guests.Runs(host, guest);
    }

    public void HostDown(SimHost host, bool comesBack)
    {
        foreach (var guest in host.Hypervisor.Guests) CopyGone(host, guest, comesBack);
        if (!comesBack) guests.NeverBack(host);
    }

    public void CopyGone(SimHost host, SimGuest guest, bool comesBack)
    {
        world.Trace.Add($"{host} lost its copy of {guest.Vm.Id} ({guest.State})");
        if (guest.Migration is { } migration) Tell(new HandoffWord(world.Time.Elapsed, migration, host.Id.Value, "HostLost"));
        guests.CopyGone(host, guest, comesBack, guest.Migration is { } m ? journals.WordOf(host, m) : null);
    }

    /// <summary>An event is durable.</summary>
    public void Decided(StoredEvent e)
    {
        world.Trace.Add($"{e.Stream}@{e.Version} {e.Type} {System.Text.Encoding.UTF8.GetString(e.Body.Span)}");
        world.Observer?.Decided(e);
        if (log.Decided(e) is not { } migration) return;
        Tell(new HandoffWord(world.Time.Elapsed, migration, "log", e.Type));
    }

    /// <summary>A batch is durable and its owner knows: its states are what they should be.</summary>
    public void Committed(ShardMachine machine, AppendBatch batch) => log.Committed(machine, batch);

    /// <summary>A record is durable.</summary>
    public void Durable(SimHost host, JournalRecord record)
    {
        world.Trace.Add($"{host} writes {record}");
        if (record is AttemptOwned owned) guests.Owned(host, world.Vm(owned.Vm));
        if (record is AttemptRejected rejected) guests.Rejected(host, world.Vm(rejected.Vm), rejected.Migration);
        if (journals.Durable(host, record) is { } migration) Tell(new HandoffWord(world.Time.Elapsed, migration, host.Id.Value, record.GetType().Name));
    }

    /// <summary>An agent says something to the coordinators.</summary>
    public void Said(SimHost host, Report report)
    {
        world.Trace.Add($"{host} says {report.GetType().Name} {report.Subject}");
        if (report is RefusalAsked r) world.Vm(r.Vm).AskedRefusal = r.Migration;
    }

    public void Alert(RaiseAlert alert)
    {
        world.Seen.Add("alert " + alert.Code);
        if (alert.Code == "protocol.violation") Violation($"{alert.Stream}: {alert.Detail}");
    }

    public void End()
    {
        log.End();
        if (log.OpenCount == 0) EndChecks.Run(world);
    }

    public void Violation(string what)
    {
        if (violations.Count < 20) violations.Add($"{world.Time.Elapsed.TotalSeconds:0.000} s: {what}");
        world.Trace.Add($"VIOLATION {what}");
    }

    private void Tell(HandoffWord word) => world.Options.Words?.Invoke(word);
}
