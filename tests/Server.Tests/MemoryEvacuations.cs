using System.Collections.Concurrent;
using System.Globalization;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Server.Tests;

/// <summary>Evacuations without decisions: what a test says is so.</summary>
internal sealed class MemoryEvacuations(MemoryPlane plane) : IEvacuationPlane
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ConcurrentDictionary<string, EvacuationResource> _all = new();
    private int _count;

    public ConcurrentQueue<(string What, Call Call, object Body)> Calls { get; } = new();

    /// <summary>Guests in the way of the next plan.</summary>
    public List<PlanBlocker> Blockers { get; } = [];

    public EvacuationId Add(params string[] hosts)
    {
        var id = EvacuationId.Create(1, Noon, Interlocked.Increment(ref _count));
        _all[id.Value] = new EvacuationResource(
            EvacuationResource.KindName, new Metadata(id.Value, "0", 1, Noon), new EvacuationSpec([.. hosts.Select(HostId.Parse)], Canary: 1),
            new EvacuationStatus("Running", "wave 1 of 2: 1 guests move, 5 wait")
            {
                Wave = 1,
                Waves = [new(1, "canary", 1, 0, 1, 0, 0), new(2, "main", 5, 5, 0, 0, 0)],
                Counts = new(6, 5, 1, 0, 0, 0),
                Budget = new(0, 2),
                Eta = new(75, 100),
                WaitingOn = [new("vm-2", "wave 1 goes first")],
                Guests = [new("vm-1", hosts[0], "host-b", 1, "Moving", 1) { Migration = "m-1", Remaining = ByteCount.FromMebi(12) }, new("vm-2", hosts[0], "host-c", 2, "Waiting", 0)],
                Hosts = [.. hosts.Select(host => new EvacuatedHost(host, false, "vm-1 is here"))],
                Actions = ["pause", "cancel"],
            });
        Append(id, "EvacuationRequested");
        return id;
    }

    public void Append(EvacuationId id, string type, Func<EvacuationStatus, EvacuationStatus>? change = null)
    {
        var version = plane.AppendEvent(id.StreamKey, type);
        var old = _all[id.Value];
        _all[id.Value] = old with { Metadata = old.Metadata with { Etag = version.ToString(CultureInfo.InvariantCulture) }, Status = change?.Invoke(old.Status) ?? old.Status };
    }

    /// <summary>Over: everybody has left, or so many stay.</summary>
    public void End(EvacuationId id, int stay = 0) => Append(id, "EvacuationClosed", s => s with
    {
        Phase = stay == 0 ? "Completed" : "Incomplete",
        Counts = new(6, 0, 0, 6 - stay, stay, 0),
        Stays = [.. Enumerable.Range(1, stay).Select(n => new EvacuationStay($"vm-{n}", "it does not converge"))],
        Hosts = [.. s.Hosts.Select(host => stay == 0 ? host with { SafeToPowerOff = true, Why = "" } : host)],
        ClosedAt = Noon,
    });

    public Task<Answer<EvacuationResource>> CreateAsync(CreateEvacuation body, Call call)
    {
        Calls.Enqueue(("create", call, body));
        return Task.FromResult(new Answer<EvacuationResource>(_all[Add([.. body.Hosts.Select(host => host.Value)]).Value]));
    }

    public EvacuationPlan Plan(CreateEvacuation body) => new(
        Blockers.Count == 0, [.. Blockers], [new(1, "main", 1, 0, 10)],
        [new(1, "vm-1", body.Hosts[0].Value, "host-b", 1, "L3", 0, 10, ByteCount.FromMebi(64), 30, false)], [], new(0.5, "in this order"), new(10, 13), new(30, 30, 30, 0),
        new(9, "link", "the link out"), [new(body.Hosts[0].Value, 0, ByteCount.Zero, ByteCount.FromMebi(800), 4, true)], 1.1);

    public Task<Answer<EvacuationResource>> PauseAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync("pause", id, body, call);

    public Task<Answer<EvacuationResource>> ResumeAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync("resume", id, body, call);

    public Task<Answer<EvacuationResource>> CancelAsync(EvacuationId id, CancelEvacuation body, Call call) => ActAsync("cancel", id, body, call);

    public Task<Answer<EvacuationResource>> RetryFailedAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync("retryFailed", id, body, call);

    public EvacuationResource? Evacuation(EvacuationId id) => _all.GetValueOrDefault(id.Value);

    public EvacuationPlan? PlanOf(EvacuationId id) => Evacuation(id) is { } e ? Plan(new CreateEvacuation(e.Spec.Hosts)) : null;

    public IReadOnlyList<EvacuationResource> Evacuations(string? host, bool openOnly, string? after, int limit) =>
    [
        .. _all.Values.OrderByDescending(e => e.Metadata.Name).Where(e => after is null || string.CompareOrdinal(e.Metadata.Name, after) < 0)
            .Where(e => host is null || e.Spec.Hosts.Contains(HostId.Parse(host))).Where(e => !openOnly || e.Status.ClosedAt is null).Take(limit),
    ];

    private Task<Answer<EvacuationResource>> ActAsync(string what, EvacuationId id, object body, Call call)
    {
        Calls.Enqueue((what, call, body));
        return Task.FromResult(new Answer<EvacuationResource>(Evacuation(id) ?? throw new RefusedException(ApiProblems.NotFound("evacuation", id.Value))));
    }
}
