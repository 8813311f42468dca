using System.Diagnostics;

namespace HostNode.Engine.Transfer;

/// <summary>Token bucket shared by all streams of a transfer; the limit may change while it runs. Allocates nothing in use.</summary>
public sealed class RateLimiter
{
    private const int SliceMs = 20;
    private const double BurstSeconds = 0.05;

    private readonly Lock _lock = new();
    private double _bytesPerSecond;
    private double _tokens;
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Bytes per second; 0 means unlimited.</summary>
    public void SetLimit(long bytesPerSecond)
    {
        lock (_lock)
        {
            _bytesPerSecond = bytesPerSecond;
            _tokens = Math.Min(_tokens, 0);
            if (bytesPerSecond == 0) _tokens = 0;
        }
    }

    /// <summary>Waits until this much may be sent. Each taker goes into debt and waits it out, so a frame larger than the bucket passes too.</summary>
    /// <param name="isOver">Ends the wait early.</param>
    public void Take(int bytes, Func<bool> isOver)
    {
        lock (_lock)
        {
            Refill();
            _tokens -= bytes;
        }

        while (DebtMs() is var debt and > 0 && !isOver()) Thread.Sleep((int)Math.Min(SliceMs, Math.Ceiling(debt)));
    }

    private double DebtMs()
    {
        lock (_lock)
        {
            Refill();
            return _bytesPerSecond == 0 || _tokens >= 0 ? 0 : -_tokens / _bytesPerSecond * 1000;
        }
    }

    private void Refill()
    {
        var now = Stopwatch.GetTimestamp();
        var elapsed = (double)(now - _last) / Stopwatch.Frequency;
        _last = now;
        if (_bytesPerSecond == 0) _tokens = 0;
        else _tokens = Math.Min(_tokens + (elapsed * _bytesPerSecond), _bytesPerSecond * BurstSeconds);
    }
}
