using System.Text.Json;
using Coordinator.Application.Backup;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Projections;

/// <summary>
/// Hosts, VMs, migrations and evacuations for lists, details and metrics: folds the committed events, asks no host. Resumable: it saves how far it
/// has come and reads on from there. Reads are safe from any thread and see a row only as it is durable.
/// </summary>
/// <remarks>Of closed migrations the newest <c>keep</c> stay in memory; an older one is folded from its stream when asked for.</remarks>
public sealed class FleetProjection(IEventStore store, string codeVersion, int keep = 5_000) : ICommitListener
{
    private const int Page = 10_000;

    // Each holds its whole plan.
    private const int EvacuationsKept = 100;

    private readonly object gate = new();
    private readonly object reading = new();
    private readonly Dictionary<MigrationId, MigrationRow> migrations = [];
    private readonly Dictionary<VmId, VmRow> vms = [];
    private readonly Dictionary<HostId, HostRow> hosts = [];
    private readonly Queue<MigrationId> closed = new();
    private readonly EvacuationRows evacuations = new(EvacuationsKept);
    private volatile RestoreState? restore;
    private StorePosition position = StorePosition.Start;
    private StorePosition? before;

    private string SavedAs => "fleet-" + codeVersion;

    /// <summary>Events of a type this code does not know: counted and passed over.</summary>
    public long Skipped { get; private set; }

    /// <summary>The last restore of this store from a backup, and who has not told yet what happened since; null: never restored.</summary>
    public RestoreState? Restored => restore;

    /// <summary>Reads everything committed so far. Before the node starts.</summary>
    public void CatchUp()
    {
        if (store.LoadProjection(SavedAs) is { } saved) Restore(saved.Position, saved.State);
        ReadOn();
    }

    /// <summary>Told of each event that was read from the store rather than heard from this node, on the reader's thread.</summary>
    public event Action<string, object>? Followed;

    /// <summary>Reads what others have committed meanwhile. Any thread; safe to repeat.</summary>
    public void ReadOn()
    {
        lock (reading)
        {
            while (store.Scan(position, Page, Read) is { Count: > 0 } page)
            {
                lock (gate) position = page.Position;
            }
        }
    }

    /// <summary>Saves rows and position; what is committed meanwhile is read again at the next start.</summary>
    public void Save()
    {
        byte[] state;
        StorePosition at;
        lock (gate)
        {
            // Rows may be ahead of the position, never behind: an event applied again is told by its version.
            at = position;
            state = JsonSerializer.SerializeToUtf8Bytes(new FleetRows([.. migrations.Values], [.. vms.Values], [.. hosts.Values], Skipped, restore, [.. evacuations.All]), ProjectionJson.Default.FleetRows);
        }

        store.SaveProjection(SavedAs, at, state);
    }

    /// <summary>What others committed before this batch is read first: nobody must see an end here whose beginnings, elsewhere, are not seen yet.</summary>
    public void Begun(AppendOutcome.Committed batch)
    {
        lock (gate)
        {
            before = batch.Before;
            if (before is null || before == position) return;
        }

        try
        {
            ReadOn();
        }
        catch (StoreUnavailableException)
        {
            // Streams of this node are complete without it; those of others follow once the store is back.
        }
    }

    public void Committed(CommittedEvent happened)
    {
        lock (gate) Apply(happened.Stream, happened.Version, happened.Shard, happened.Term, happened.At, happened.Body);
    }

    public void Reached(StorePosition position)
    {
        lock (gate)
        {
            // Behind a gap, reading leads on and not this batch.
            if (before is null || before == this.position) this.position = position;
        }
    }

    public void Missed() => ReadOn();

    /// <summary>One migration, from memory or from its stream; null if there is none, or if it is in an archive.</summary>
    public MigrationRow? Migration(MigrationId id)
    {
        lock (gate)
        {
            if (migrations.TryGetValue(id, out var row)) return row;
        }

        MigrationRow? folded = null;
        foreach (var e in store.ReadStream(id.StreamKey, 0).TakeWhile(e => e.Type != ArchivedEvent.Type))
            folded = Next(folded, (MigrationEvent)EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span), e.Version, e.Shard, e.Term, e.At);
        return folded;
    }

    /// <summary>How many events a migration's stream has, in an archive or not; 0 if there is none.</summary>
    public int VersionOf(MigrationId id) => Migration(id)?.Version ?? store.Load(id.StreamKey)?.Version ?? 0;

    /// <summary>One evacuation, from memory or from its stream; null if there is none, or if it is in an archive.</summary>
    public EvacuationRow? Evacuation(EvacuationId id)
    {
        lock (gate)
        {
            if (evacuations.Find(id) is { } row) return row;
        }

        EvacuationRow? folded = null;
        foreach (var e in store.ReadStream(id.StreamKey, 0).TakeWhile(e => e.Type != ArchivedEvent.Type))
            folded = EvacuationRow.Next(folded, (EvacuationEvent)EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span), e.Version, e.Shard, e.Term, e.At);
        return folded;
    }

    /// <summary>Open ones and the newest closed ones, newest first.</summary>
    public IReadOnlyList<EvacuationRow> Evacuations()
    {
        lock (gate) return [.. evacuations.All.OrderByDescending(e => e.State.RequestedAt).ThenByDescending(e => e.State.Id.Value, StringComparer.Ordinal)];
    }

    public VmRow? Vm(VmId id)
    {
        lock (gate) return vms.GetValueOrDefault(id);
    }

    public HostRow? Host(HostId id)
    {
        lock (gate) return hosts.GetValueOrDefault(id);
    }

    /// <summary>Open ones and the newest closed ones, newest first.</summary>
    public IReadOnlyList<MigrationRow> Migrations()
    {
        lock (gate) return [.. migrations.Values.OrderByDescending(m => m.RequestedAt).ThenByDescending(m => m.Plan.Id.Value, StringComparer.Ordinal)];
    }

    public IReadOnlyList<VmRow> Vms()
    {
        lock (gate) return [.. vms.Values.OrderBy(v => v.State.Id.Value, StringComparer.Ordinal)];
    }

    public IReadOnlyList<HostRow> Hosts()
    {
        lock (gate) return [.. hosts.Values.OrderBy(h => h.State.Id!.Value.Value, StringComparer.Ordinal)];
    }

    /// <summary>Open migrations by state's name, for metrics.</summary>
    public IReadOnlyDictionary<string, int> InFlight()
    {
        lock (gate) return migrations.Values.Where(m => m.ClosedAt is null).GroupBy(m => m.State.GetType().Name).ToDictionary(g => g.Key, g => g.Count());
    }

    private void Read(ScannedEvent e)
    {
        if (e.Type == ArchivedEvent.Type) return;
        try
        {
            var body = EventCatalog.Read(e.Type, e.SchemaVersion, e.Body);
            lock (gate) Apply(e.Stream, e.Version, e.Shard, e.Term, e.At, body);
            Followed?.Invoke(e.Stream, body);
        }
        catch (UnknownEventException)
        {
            Skipped++;
        }
    }

    private void Apply(string stream, int version, int shard, Term term, DateTimeOffset at, object body)
    {
        switch (body)
        {
            case MigrationEvent e:
                ApplyMigration(stream, e, version, shard, term, at);
                break;
            case VmEvent e when VmId.TryParse(stream["vm-".Length..], out var id):
                var vm = vms.GetValueOrDefault(id);
                if (vm is not null && vm.Version >= version) break;
                vms[id] = new VmRow((Vm)VmEvolution.Evolve(vm is null ? UnknownVm.Instance : vm.State, e, version, at), version, vm?.CreatedAt ?? at);
                break;
            case EvacuationEvent e when EvacuationId.TryParseKey(stream, out var id):
                evacuations.Apply(id, e, version, shard, term, at);
                break;
            case HostEvent e when HostId.TryParse(stream["host-".Length..], out var id):
                var host = hosts.GetValueOrDefault(id);
                if (host is not null && host.Version >= version) break;
                hosts[id] = new HostRow(HostEvolution.Evolve(host?.State ?? HostState.Unknown, e) with { Id = id }, version, host?.CreatedAt ?? at);
                break;
            // Telling twice changes nothing, and news of an older restore none of the newest.
            case StoreRestored e:
                restore = RestoreState.Evolve(RestoreState.None, e);
                break;
            case HostTold e when restore is { } waiting && stream.EndsWith(waiting.Id!, StringComparison.Ordinal):
                restore = RestoreState.Evolve(waiting, e);
                break;
        }
    }

    private void ApplyMigration(string stream, MigrationEvent e, int version, int shard, Term term, DateTimeOffset at)
    {
        if (!MigrationId.TryParse(stream["migration-".Length..], out var id)) return;
        var before = migrations.GetValueOrDefault(id);
        if (before is not null && before.Version >= version) return;
        if (Next(before, e, version, shard, term, at) is not { } row) return;
        migrations[id] = row;
        if (row.Plan.RetryOf is { } first && e is MigrationRequested && migrations.TryGetValue(first, out var failed)) migrations[first] = failed with { RetriedBy = id };
        if (e is not MigrationClosed) return;
        closed.Enqueue(id);
        while (closed.Count > keep) migrations.Remove(closed.Dequeue());
    }

    private static MigrationRow? Next(MigrationRow? row, MigrationEvent e, int version, int shard, Term term, DateTimeOffset at)
    {
        if (row is not null) return row.After(e, version, term, at);
        return e is MigrationRequested r
            ? new MigrationRow(r.Plan, at, MigrationEvolution.Evolve(NotRequested.Instance, e, version, at), version, shard, term)
            : null;
    }

    private void Restore(StorePosition savedAt, byte[] state)
    {
        try
        {
            var rows = JsonSerializer.Deserialize(state, ProjectionJson.Default.FleetRows);
            if (rows is null) return;
            foreach (var row in rows.Migrations) migrations[row.Plan.Id] = row;
            foreach (var row in rows.Vms) vms[row.State.Id] = row;
            foreach (var row in rows.Hosts) hosts[row.State.Id!.Value] = row;
            foreach (var row in rows.Migrations.Where(r => r.ClosedAt is not null).OrderBy(r => r.ClosedAt)) closed.Enqueue(row.Plan.Id);
            evacuations.Restore(rows.Evacuations ?? []);
            (Skipped, restore) = (rows.Skipped, rows.Restore);
            position = savedAt;
        }
        catch (JsonException)
        {
            // Saved by other code under the same version: reading all events again is only slower.
            migrations.Clear();
            vms.Clear();
            hosts.Clear();
            closed.Clear();
            evacuations.Clear();
        }
    }
}
