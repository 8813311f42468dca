using System.Text;
using Coordinator.Application.Store;

namespace Contract.Tests.Stores;

/// <summary>A writer that keeps books as a coordinator node does: its leases and the version of each stream, as of its last commit.</summary>
public sealed class Node(IEventStore store, string name)
{
    public static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 3, 4, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    private readonly Dictionary<int, ShardLease> _leases = [];
    private readonly Dictionary<string, int> _versions = [];

    public IEventStore Store => store;

    public IReadOnlyDictionary<int, ShardLease> Leases => _leases;

    public static Node Owning(IEventStore store, string name, params int[] shards)
    {
        var node = new Node(store, name);
        node.TakeOver(shards);
        return node;
    }

    public void TakeOver(params int[] shards)
    {
        foreach (var lease in store.TakeOver(shards, name))
        {
            _leases[lease.Shard] = lease;
            foreach (var stream in store.LoadOpen(lease.Shard)) _versions[stream.Stream] = stream.Version;
        }
    }

    public Draft Draft() => new(this);

    public int VersionOf(string stream) => _versions.GetValueOrDefault(stream);

    /// <summary>Appends and, if committed, brings the books up to date.</summary>
    public AppendOutcome Append(AppendBatch batch)
    {
        var outcome = store.Append(batch);
        if (outcome is AppendOutcome.Committed) Adopt(batch);
        return outcome;
    }

    public void Adopt(AppendBatch batch)
    {
        foreach (var e in batch.Events) _leases[e.Shard] = _leases[e.Shard] with { Seq = e.Seq };
        foreach (var change in batch.Streams) _versions[change.Stream] = change.Version;
    }

    /// <summary>One event, committed.</summary>
    public void Write(int shard, string stream, string text = "x") =>
        Assert.IsType<AppendOutcome.Committed>(Append(Draft().Event(shard, stream, text).Build()));

    public static byte[] Json(string text) => Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(new { text }));
}
