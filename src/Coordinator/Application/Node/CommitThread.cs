using System.Diagnostics;
using Coordinator.Application.Store;

namespace Coordinator.Application.Node;

/// <summary>
/// Writes one batch at a time on a thread of its own, so that the node's thread decides on what comes next meanwhile: more than half of the
/// time of a busy node is spent in appends. Used by the node's thread alone.
/// </summary>
internal sealed class CommitThread : IDisposable
{
    private readonly object gate = new();
    private readonly Func<AppendBatch, AppendOutcome> append;
    private readonly Action written;
    private readonly Thread thread;
    private AppendBatch? given;
    private volatile Result? result;
    private bool ending;

    /// <param name="append">Called on the own thread, for one batch after the other.</param>
    /// <param name="written">Called on the own thread when there is a result to take.</param>
    public CommitThread(Func<AppendBatch, AppendOutcome> append, Action written)
    {
        this.append = append;
        this.written = written;
        thread = new Thread(Work) { Name = "commit", IsBackground = true };
        thread.Start();
    }

    /// <summary>A batch was given and its result is not taken yet.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>There is a result: <see cref="Wait"/> returns at once. Any thread.</summary>
    public bool IsWritten => result is not null;

    /// <summary>Begins to write. Not while <see cref="IsBusy"/>.</summary>
    public void Begin(AppendBatch batch)
    {
        Debug.Assert(!IsBusy, "one batch at a time");
        IsBusy = true;
        lock (gate)
        {
            given = batch;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>The result of the batch given last; waits for it.</summary>
    public Result Wait()
    {
        lock (gate)
        {
            while (result is null) Monitor.Wait(gate);
            var taken = result;
            result = null;
            IsBusy = false;
            return taken;
        }
    }

    /// <summary>Ends after the batch in hand.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ending = true;
            Monitor.PulseAll(gate);
        }

        thread.Join();
    }

    private void Work()
    {
        while (Next() is { } batch)
        {
            var done = Write(batch);
            lock (gate)
            {
                result = done;
                Monitor.PulseAll(gate);
            }

            written();
        }
    }

    private AppendBatch? Next()
    {
        lock (gate)
        {
            while (given is null && !ending) Monitor.Wait(gate);
            var batch = given;
            given = null;
            return batch;
        }
    }

    private Result Write(AppendBatch batch)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            return new Result(batch, append(batch), null, Stopwatch.GetElapsedTime(began));
        }
        catch (Exception e)
        {
            return new Result(batch, null, e, Stopwatch.GetElapsedTime(began));
        }
    }

    /// <param name="Outcome">Null if the append threw.</param>
    public sealed record Result(AppendBatch Batch, AppendOutcome? Outcome, Exception? Failure, TimeSpan Took);
}
