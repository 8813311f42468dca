using System.Globalization;
using Coordinator.Application.Cluster;
using Coordinator.Application.Projections;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node;

/// <summary>
/// Looks at what commonly goes wrong with several coordinators. Every check is always in the answer, so that a list without a name is no good news by accident.
/// </summary>
/// <param name="more">Of parts that not every installation has, as a broker.</param>
internal sealed class ClusterDoctor(FleetProjection fleet, HostLinks links, CoordinatorOptions options, TimeProvider clock, IEnumerable<IClusterCheck> more)
{
    // A commit waits for it several times.
    private static readonly TimeSpan RoundTripMax = TimeSpan.FromMilliseconds(50);

    // Certificates and people's times suffer first; what is decided goes by the store's clock alone.
    private static readonly TimeSpan ClockMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CertificateMin = TimeSpan.FromDays(14);

    private const long FreeBytesMin = 1L << 30;
    private const int NamesMax = 5;

    public IReadOnlyList<ClusterCheck> Examine(StoreRecord store, IReadOnlyList<NodeRecord> nodes, IReadOnlyList<ShardRecord> shards)
    {
        var live = nodes.Where(node => node.Lives).ToList();
        return
        [
            Store(store), Schema(store), Nodes(nodes), Shards(shards), Clocks(live), Versions(live), Hosts(), Certificates(live), Disk(), .. more.Select(check => check.Look()),
        ];
    }

    public static ClusterCheck StoreAway(string detail) => new("store", false, detail, "nothing is decided until it is back; transfers go on, and so does everything else then");

    private static ClusterCheck Store(StoreRecord store)
    {
        var detail = string.Create(CultureInfo.InvariantCulture, $"{store.Place} answers in {store.RoundTrip.TotalMilliseconds:0.0} ms");
        return store.RoundTrip <= RoundTripMax ? new("store", true, detail) : new("store", false, detail, "each decision waits for it: look at the database's load and at the network to it");
    }

    private static ClusterCheck Schema(StoreRecord store) => store.Schema switch
    {
        null => new("schema", true, "this store needs no migration"),
        var (version, needed) when version < needed => new("schema", false, $"version {version}, this program needs {needed}", "run: coordinator schema migrate"),
        var (version, needed) when version > needed => new("schema", true, $"version {version}, newer than this program's {needed} and still good for it"),
        var (version, _) => new("schema", true, $"version {version}"),
    };

    private static ClusterCheck Nodes(IReadOnlyList<NodeRecord> nodes)
    {
        var dead = nodes.Where(node => !node.Lives).Select(node => node.Name).ToList();
        return dead.Count == 0
            ? new("nodes", true, $"{nodes.Count} live")
            : new("nodes", false, $"dead: {Names(dead)}", "start it again, or leave it: the others have its shards, and it is no longer shown a day after its death");
    }

    private static ClusterCheck Shards(IReadOnlyList<ShardRecord> shards)
    {
        var free = shards.Where(shard => !shard.OwnerLives).Select(shard => shard.Shard.ToString(CultureInfo.InvariantCulture)).ToList();
        return free.Count == 0
            ? new("shards", true, $"{shards.Count}, each with an owner that lives")
            : new("shards", false, $"without an owner: {Names(free)}", "they are taken within seconds; if not, look at /readyz and the log of each coordinator");
    }

    private static ClusterCheck Clocks(List<NodeRecord> live)
    {
        var wrong = live.Where(node => node.ClockAhead is { } ahead && ahead.Duration() > ClockMax)
            .Select(node => string.Create(CultureInfo.InvariantCulture, $"{node.Name} {node.ClockAhead!.Value.TotalSeconds:+0.0;-0.0} s")).ToList();
        return wrong.Count == 0
            ? new("clocks", true, string.Create(CultureInfo.InvariantCulture, $"at most {live.Max(node => node.ClockAhead?.Duration())?.TotalMilliseconds ?? 0:0} ms from the store's"))
            : new("clocks", false, $"off from the store's: {Names(wrong)}", "set up time synchronisation (chrony, systemd-timesyncd) on those machines and the database's");
    }

    private static ClusterCheck Versions(List<NodeRecord> live)
    {
        var versions = live.GroupBy(node => node.Facts.Version ?? "unknown").ToList();
        return versions.Count <= 1
            ? new("versions", true, versions.FirstOrDefault()?.Key ?? "none")
            : new("versions", false, string.Join("; ", versions.Select(v => $"{v.Key}: {Names([.. v.Select(node => node.Name)])}")), "fine while you upgrade; finish it");
    }

    private ClusterCheck Hosts()
    {
        var hosts = fleet.Hosts().Where(row => row.State is { JournalId: not null, WrittenOffReason: null, RetiredReason: null }).Select(row => row.State.Id!.Value).ToList();
        var silent = hosts.Where(host => links.Of(host).Phase != "Ready").Select(host => host.Value).ToList();
        return silent.Count == 0
            ? new("hosts", true, $"{hosts.Count}, all linked")
            : new("hosts", false, $"without a link: {Names(silent)}", "look at the agent's log there; if the machine is gone for good: lm hosts write-off");
    }

    private ClusterCheck Certificates(List<NodeRecord> live)
    {
        var ending = live.Where(node => node.Facts.CertificateUntil - clock.GetUtcNow() < CertificateMin)
            .Select(node => string.Create(CultureInfo.InvariantCulture, $"{node.Name} {node.Facts.CertificateUntil:yyyy-MM-dd}")).ToList();
        return ending.Count == 0
            ? new("certificates", true, string.Create(CultureInfo.InvariantCulture, $"coordinators' good until {live.Min(node => node.Facts.CertificateUntil):yyyy-MM-dd}"))
            : new("certificates", false, $"end soon: {Names(ending)}", "issue new ones: lm certs issue coordinator NAME");
    }

    private ClusterCheck Disk()
    {
        if (options.Postgres is not null) return new("disk", true, "the database's own");
        var path = Path.GetFullPath(options.SqlitePath);
        var free = new DriveInfo(path).AvailableFreeSpace;
        var detail = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB free for {path}");
        return free >= FreeBytesMin ? new("disk", true, detail) : new("disk", false, detail, "a full disk stops every decision: make room now");
    }

    private static string Names(List<string> names) =>
        string.Join(", ", names.Take(NamesMax)) + (names.Count > NamesMax ? $" and {names.Count - NamesMax} more" : "");
}
