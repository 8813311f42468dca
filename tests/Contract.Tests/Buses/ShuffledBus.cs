using Coordinator.Application.Bus;

namespace Contract.Tests.Buses;

/// <summary>How often a <see cref="ShuffledBus"/> does what, each 0 to 1.</summary>
/// <param name="Held">Held back until some later messages have passed, which also reorders.</param>
public sealed record ShuffleRates(double Refused = 0.05, double Lost = 0.15, double Repeated = 0.15, double Held = 0.3)
{
    /// <summary>Most messages that may pass a held one.</summary>
    public int PassedMax { get; init; } = 8;
}

/// <summary>
/// Does to the messages of another bus everything a bus may do: refuses, loses, repeats, delays and reorders them, as a seed decides. The same
/// seed and the same order of publishing give the same fate. Held messages leave as others are published, or by <see cref="Release"/>.
/// </summary>
public sealed class ShuffledBus(IBus inner, int seed, ShuffleRates? rates = null) : IBus
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly ShuffleRates _rates = rates ?? new ShuffleRates();
    private readonly List<Held> _held = [];
    private bool _disposed;

    public bool Publish(BusMessage message)
    {
        lock (_gate)
        {
            if (_disposed || Happens(_rates.Refused)) return false;
            var accepted = true;
            if (!Happens(_rates.Lost)) accepted = Send(message);
            if (Happens(_rates.Repeated)) Send(message);
            LetPass();
            return accepted;
        }
    }

    public IDisposable Subscribe(string address, Action<BusMessage> handler) => inner.Subscribe(address, handler);

    /// <summary>Sends everything that is held, in any order.</summary>
    public void Release()
    {
        lock (_gate)
        {
            while (_held.Count > 0) SendHeld(_random.Next(_held.Count));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _held.Clear();
        }

        inner.Dispose();
    }

    private bool Send(BusMessage message)
    {
        if (!Happens(_rates.Held)) return inner.Publish(message);
        _held.Add(new Held(message, 1 + _random.Next(_rates.PassedMax)));
        return true;
    }

    private void LetPass()
    {
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            if (_held[i].Remaining == 0) SendHeld(i);
            else _held[i] = _held[i] with { Remaining = _held[i].Remaining - 1 };
        }
    }

    private void SendHeld(int index)
    {
        var message = _held[index].Message;
        _held.RemoveAt(index);
        inner.Publish(message);
    }

    private bool Happens(double rate) => _random.NextDouble() < rate;

    private sealed record Held(BusMessage Message, int Remaining);
}
