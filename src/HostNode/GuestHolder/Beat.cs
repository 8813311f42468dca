using System.Diagnostics;
using System.Text;
using System.Text.Unicode;
using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.GuestHolder;

/// <summary>
/// The guest's counter, kept in guest memory, one beat every few milliseconds, each told to an outside witness as
/// <c>vm epoch host counter</c>. A counter seen twice means a second writer or a rollback, a hole means a lost write.
/// </summary>
internal sealed class Beat(MemoryFile memory, PageBitmap dirty, string vm, LedgerSocket? ledger)
{
    private static readonly long IntervalTicks = Stopwatch.Frequency / 200;

    private readonly byte[] _line = new byte[256];
    private string _host = "-";
    private long _epoch;
    private long _next;

    /// <summary>Only while the vCPUs stand still.</summary>
    public void RunsUnder(long epoch, string host)
    {
        _epoch = epoch;
        _host = host;
    }

    /// <summary>
    /// Counts and tells, if it is time. What the witness did not take is not counted either: so a full or absent witness makes no
    /// hole, and as the gate closes only between beats, none is ever told twice.
    /// </summary>
    public void Strike()
    {
        var now = Stopwatch.GetTimestamp();
        if (now < _next) return;
        _next = now + IntervalTicks;
        var beat = SyntheticProgram.PeekBeat(memory);
        if (!Utf8.TryWrite(_line, $"{vm} {_epoch} {_host} {beat}", out var length)) return;
        if (ledger is not null && !ledger.TrySend(_line.AsSpan(0, length))) return;

        SyntheticProgram.StoreBeat(memory, dirty, beat);
    }
}
