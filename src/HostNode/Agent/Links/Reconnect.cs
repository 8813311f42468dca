namespace HostNode.Agent.Links;

/// <summary>
/// How long to wait before the next try: doubling from 100 ms to 5 s, from 1 s to 15 s after refusals, each between half and whole by
/// chance, so that a coordinator that comes back is not met by all hosts at once.
/// </summary>
internal sealed class Reconnect
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private readonly Random _jitter = new();
    private int _failures;

    public TimeSpan After(LinkEnd end)
    {
        _failures = end == LinkEnd.Served ? 0 : _failures + 1;
        var (first, most) = end is LinkEnd.Refused ? (Shortest * 10, TimeSpan.FromSeconds(15)) : (Shortest, TimeSpan.FromSeconds(5));
        var whole = Math.Min(most.Ticks, first.Ticks << Math.Min(_failures, 10));
        return TimeSpan.FromTicks(whole / 2 + _jitter.NextInt64(whole / 2));
    }
}
