using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Sqlite;

/// <summary>
/// The same script again and again: the first call to the file layer goes wrong, then the second, until the script ends before the chosen call.
/// After each run the file is opened as a restarted process would, and must hold what was acknowledged, all of it and nothing by halves.
/// </summary>
public sealed class SqliteFaultTests
{
    [Theory]
    [InlineData(FaultKind.Refused)]
    [InlineData(FaultKind.Torn)]
    [InlineData(FaultKind.DoneButFailed)]
    [InlineData(FaultKind.DiskFull)]
    [InlineData(FaultKind.PowerLoss)]
    public void Given_any_call_that_fails_When_the_file_is_opened_again_Then_it_holds_what_was_acknowledged(FaultKind kind)
    {
        var call = 0;
        var broken = 0;
        for (var fired = true; fired;)
        {
            call++;
            fired = PlayOnce(kind, call, checkpointInline: true, ref broken);
        }

        Assert.True(call > 100, $"only {call} calls were counted: the faulty layer was not used");
        if (kind == FaultKind.DiskFull) Assert.Equal(0, broken);
        else Assert.True(broken > 20, $"the store broke {broken} times only");
    }

    /// <summary>Every third call: its own fall between those of the commits as the threads run: which call is spoiled differs, what must hold does not.</summary>
    [Theory]
    [InlineData(FaultKind.Refused)]
    [InlineData(FaultKind.PowerLoss)]
    public void Given_the_checkpoint_thread_When_any_call_fails_Then_the_file_holds_what_was_acknowledged(FaultKind kind)
    {
        var broken = 0;
        for (var call = 1; call <= 480; call += 3) PlayOnce(kind, call, checkpointInline: false, ref broken);

        Assert.True(broken > 20, $"the store broke {broken} times only");
    }

    /// <returns>Whether the chosen call was reached.</returns>
    private static bool PlayOnce(FaultKind kind, int call, bool checkpointInline, ref int broken)
    {
        using var file = SqliteFile.InMemory();
        var plan = new FaultPlan(kind, call);
        FaultyVfs.Use(plan);
        var run = new FaultyRun(file.Options, plan, checkpointInline);
        try
        {
            run.Play();
            var random = new Random(call);
            plan.Unflushed.Lose(() => (call % 3) switch { 0 => false, 1 => true, _ => random.Next(2) == 0 });
            Inspect(file, run);
        }
        catch (Exception e)
        {
            Assert.Fail($"{kind} at {plan.FiredAt}: {e}");
        }

        Assert.True(run.Finished || plan.Fired, "the script stopped without a fault");
        if (run.Broken) broken++;
        return plan.Fired;
    }

    private static void Inspect(SqliteFile file, FaultyRun run)
    {
        using (var store = new SqliteStore(file.Options))
        {
            var committed = Committed(store, run);
            AssertGapless(store);
            foreach (var change in committed.SelectMany(b => b.Streams).GroupBy(s => s.Stream)) AssertStream(store, change.Last());
            AssertKeys(store, run, committed);
            var node = Node.Owning(store, "node-b", 1, 2);
            Assert.True(node.Leases[1].Term.Value > run.Term);
            Assert.Equal(committed.SelectMany(b => b.Events).Count(e => e.Shard == 1), node.Leases[1].Seq);
            node.Write(1, "vm-after");
        }

        file.Run("create table proof(word text check (word = 'ok')); insert into proof select integrity_check from pragma_integrity_check");
    }

    /// <summary>The acknowledged batches and, if it is there whole, the one of unknown fate.</summary>
    private static List<AppendBatch> Committed(SqliteStore store, FaultyRun run)
    {
        var ids = store.ReadAll(StorePosition.Start, 10_000).Select(e => (e.Shard, e.Seq, e.Id, Convert.ToHexString(e.Body.Span))).ToList();
        var acknowledged = run.Acknowledged.SelectMany(Ids).ToList();
        if (run.Unknown is null || ids.Count == acknowledged.Count)
        {
            Assert.Equal(acknowledged, ids);
            return run.Acknowledged;
        }

        Assert.Equal([.. acknowledged, .. Ids(run.Unknown)], ids);
        return [.. run.Acknowledged, run.Unknown];
    }

    private static IEnumerable<(int, long, string, string)> Ids(AppendBatch batch) =>
        batch.Events.Select(e => (e.Shard, e.Seq, $"{e.Stream}@{e.Version}", Convert.ToHexString(e.Body.Span)));

    private static void AssertGapless(SqliteStore store)
    {
        foreach (var shard in store.ReadAll(StorePosition.Start, 10_000).GroupBy(e => e.Shard))
        {
            Assert.Equal(Enumerable.Range(1, shard.Count()).Select(n => (long)n), shard.Select(e => e.Seq));
        }
    }

    private static void AssertStream(SqliteStore store, StreamChange last)
    {
        var loaded = store.Load(last.Stream)!;
        Assert.Equal((last.Version, last.Closed, last.TimerDue, last.TimerToken), (loaded.Version, loaded.Closed, loaded.TimerDue, loaded.TimerToken));
        Assert.Equal(last.Snapshot is null ? 0 : last.Version, loaded.SnapshotVersion);
        Assert.Equal(Enumerable.Range(1, last.Version), store.ReadStream(last.Stream, 0).Select(e => e.Version));
    }

    private static void AssertKeys(SqliteStore store, FaultyRun run, List<AppendBatch> committed)
    {
        foreach (var key in committed.SelectMany(b => b.Keys)) Assert.Equal(key, store.FindIdempotent(key.Principal, key.Key));
        if (run.Unknown is null || committed.Contains(run.Unknown)) return;
        foreach (var key in run.Unknown.Keys) Assert.Null(store.FindIdempotent(key.Principal, key.Key));
    }

    [Fact]
    public void Given_a_file_that_can_only_be_read_When_opened_Then_it_is_refused_with_the_remedy()
    {
        using var file = new SqliteFile();
        file.Open();
        file.CloseAll();
        FaultyVfs.Use(new FaultPlan(FaultKind.ReadOnly, 0));

        var refusal = Assert.Throws<StoreConfigurationException>(() => new SqliteStore(file.Options with { Vfs = FaultyVfs.Name }).Dispose());

        Assert.Contains("is read-only for this user: make the file and its directory writable", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_full_disk_When_appending_Then_it_says_so_and_goes_on_once_there_is_space()
    {
        using var file = new SqliteFile();
        var plan = new FaultPlan(FaultKind.DiskFull, int.MaxValue);
        FaultyVfs.Use(plan);
        using var store = new SqliteStore(file.Options with { Vfs = FaultyVfs.Name });
        var node = Node.Owning(store, "node-a", 1);
        var full = new FaultPlan(FaultKind.DiskFull, 1);
        FaultyVfs.Use(full);

        for (var i = 0; i < 3; i++)
        {
            var refusal = Assert.Throws<StoreUnavailableException>(() => node.Append(node.Draft().Event(1, "vm-a").Build()));
            Assert.Contains("no space left for " + file.Options.Path, refusal.Message, StringComparison.Ordinal);
        }

        full.Lift();
        node.Write(1, "vm-a");
        Assert.Equal(new Term(1), Assert.Single(store.ReadStream("vm-a", 0)).Term);
    }
}
