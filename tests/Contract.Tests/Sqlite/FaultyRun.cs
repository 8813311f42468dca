using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Sqlite;

/// <summary>
/// A scripted life of a store, from making the file to its last commit, while one call goes wrong. Keeps what was acknowledged, and the one batch
/// whose fate is unknown because the store broke over it.
/// </summary>
internal sealed class FaultyRun(SqliteStoreOptions options, FaultPlan plan, bool checkpointInline)
{
    /// <summary>So few pages that the log is checkpointed within the script.</summary>
    public const int CheckpointPages = 12;

    private Node? _node;

    public List<AppendBatch> Acknowledged { get; } = [];

    public AppendBatch? Unknown { get; private set; }

    /// <summary>Term of shard 1 as last acknowledged.</summary>
    public long Term { get; private set; }

    public bool Broken { get; private set; }

    public bool Finished { get; private set; }

    /// <summary>Runs until the end or until the store says it is broken; then everything it holds is closed as a kill would.</summary>
    public void Play()
    {
        SqliteStore? store = null;
        try
        {
            Patiently(() => store = new SqliteStore(options with { Vfs = FaultyVfs.Name, CheckpointPages = CheckpointPages, CheckpointInline = checkpointInline }));
            if (store is null) return;
            _node = new Node(store, "node-a");
            Script(store, _node);
            Finished = true;
        }
        catch (StoreBrokenException)
        {
            Broken = true;
            AssertStaysBroken(store);
        }
        catch (Exception e) when (plan.Stopped && e is StoreUnavailableException or StoreConfigurationException)
        {
            Broken = true; // the power is gone: no answer matters any more
        }
        finally
        {
            plan.Stop();
            store?.Dispose();
        }
    }

    private void Script(SqliteStore store, Node node)
    {
        TakeOver(node);
        Commit(n => n.Draft().Event(1, "vm-a", "one").Event(2, "vm-b", "one").Key("alice", "k1"));
        Patiently(() => Assert.Equal(2, store.ReadAll(StorePosition.Start, 100).Count));
        for (var i = 0; i < 6; i++)
        {
            var turn = i;
            Commit(n => n.Draft().Event(1, "vm-a", new string((char)('a' + turn), 3_000)).Event(1, "vm-a").Event(2, $"vm-{turn}").Timer(2, $"vm-{turn}", Node.Noon, turn + 1));
        }

        Patiently(() => Assert.Equal(7, store.LoadOpen(2).Count()));
        Patiently(() => store.SaveProjection("list", StorePosition.Start, new byte[5_000]));
        Commit(n => n.Draft().Event(1, "vm-a", "last").Close(1, "vm-a").Snapshot(1, "vm-a", "state").Key("alice", "k2"));
        Patiently(() => store.PruneIdempotent(Node.Noon.AddDays(-1)));
        TakeOver(node);
        Commit(n => n.Draft().Event(2, "vm-b", "two"));
        Patiently(() => Assert.NotNull(store.FindIdempotent("alice", "k2")));
        Patiently(() => Assert.NotNull(store.Load("vm-a")!.Snapshot));
    }

    private void TakeOver(Node node) => Patiently(() =>
    {
        node.TakeOver(1, 2);
        Term = node.Leases[1].Term.Value;
    });

    private void Commit(Func<Node, Draft> write) => Patiently(() =>
    {
        var batch = write(_node!).Build();
        Unknown = batch;
        var outcome = _node!.Append(batch);
        Unknown = null;
        Assert.IsType<AppendOutcome.Committed>(outcome);
        Acknowledged.Add(batch);
    });

    /// <summary>Unavailable means that nothing was done and it may be tried again; a single fault does not come twice.</summary>
    private void Patiently(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (!plan.Stopped && e is StoreUnavailableException or StoreConfigurationException)
        {
            Unknown = null;
            plan.Lift();
            step();
        }
    }

    private void AssertStaysBroken(SqliteStore? store)
    {
        if (store is null || _node is null || _node.Leases.Count == 0) return;
        Assert.Throws<StoreBrokenException>(() => store.Append(_node.Draft().Event(1, "vm-late").Build()));
        Assert.Throws<StoreBrokenException>(() => store.TakeOver([1], "node-a"));
    }
}
