using Coordinator.Application.Store;

namespace Contract.Tests.Stores;

/// <summary>A batch in the making, numbered from the node's books.</summary>
public sealed class Draft(Node node)
{
    private readonly Dictionary<int, ShardLease> _leases = [];
    private readonly Dictionary<int, long> _sequences = [];
    private readonly List<NewEvent> _events = [];
    private readonly Dictionary<string, StreamChange> _streams = [];
    private readonly List<IdempotencyRecord> _keys = [];

    public Draft Event(int shard, string stream, string text = "x") => Event(shard, stream, Node.Json(text));

    public Draft Event(int shard, string stream, byte[] body)
    {
        var change = Change(shard, stream);
        var version = change.Version + 1;
        _streams[stream] = change with { Version = version };
        _events.Add(new NewEvent(shard, ++_sequences[shard], stream, version, "SomethingHappened", 1, Node.Noon, body, Node.Json("meta of " + stream)));
        return this;
    }

    public Draft Timer(int shard, string stream, DateTimeOffset due, long token) =>
        Put(Change(shard, stream) with { TimerDue = due, TimerToken = token });

    public Draft Close(int shard, string stream) => Put(Change(shard, stream) with { Closed = true });

    public Draft Snapshot(int shard, string stream, string text) => Put(Change(shard, stream) with { Snapshot = Node.Json(text) });

    /// <summary>Pretends another version was known; the events are numbered from it.</summary>
    public Draft Expecting(int shard, string stream, int version) => Put(Change(shard, stream) with { ExpectedVersion = version, Version = version });

    public Draft Key(string principal, string key, string hash = "h", string answer = "migration-1", DateTimeOffset? at = null)
    {
        _keys.Add(new IdempotencyRecord(principal, key, hash, answer, at ?? Node.Noon));
        return this;
    }

    public AppendBatch Build() => new([.. _leases.Values], [.. _events], [.. _streams.Values], [.. _keys]);

    private StreamChange Change(int shard, string stream)
    {
        var lease = node.Leases[shard];
        if (_leases.TryAdd(shard, lease)) _sequences[shard] = lease.Seq;
        var version = node.VersionOf(stream);
        return _streams.TryGetValue(stream, out var change) ? change : new StreamChange(shard, stream, version, version, false, null, 0, null);
    }

    private Draft Put(StreamChange change)
    {
        _streams[change.Stream] = change;
        return this;
    }
}
