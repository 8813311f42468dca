using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters.Sqlite;

/// <summary>Rows of a scan, copied out of the statement, so that one thread reads on while another one decodes. Used again and again.</summary>
internal sealed class ScanPage
{
    /// <summary>Rows at the most: enough that handing a page over costs nothing, few enough to stay in the processor's cache.</summary>
    public const int RowsMax = 512;

    private readonly Row[] _rows = new Row[RowsMax];
    private byte[] _bodies = new byte[RowsMax * 256];
    private int _end;

    public int Count { get; private set; }

    public bool IsFull => Count == RowsMax;

    public void Clear() => (Count, _end) = (0, 0);

    public void Add(in ScannedEvent e)
    {
        if (_bodies.Length - _end < e.Body.Length) Array.Resize(ref _bodies, Math.Max(_bodies.Length * 2, _end + e.Body.Length));
        e.Body.CopyTo(_bodies.AsSpan(_end));
        _rows[Count++] = new Row(e.Shard, e.Seq, e.Term, e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, _end, e.Body.Length);
        _end += e.Body.Length;
    }

    public void Show(EventVisitor visit)
    {
        foreach (ref readonly var r in _rows.AsSpan(0, Count))
            visit(new ScannedEvent(r.Shard, r.Seq, r.Term, r.Stream, r.Version, r.Type, r.SchemaVersion, r.At, _bodies.AsSpan(r.Start, r.Length)));
    }

    private readonly record struct Row(
        int Shard, long Seq, Term Term, string Stream, int Version, string Type, int SchemaVersion, DateTimeOffset At, int Start, int Length);
}
