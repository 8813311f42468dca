using System.Collections.Concurrent;
using System.Diagnostics;
using Coordinator.Application.Bus;

namespace Contract.Tests.RabbitMq.Given;

/// <summary>Who subscribes to an address, and what it has heard.</summary>
internal sealed class Listener : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<BusMessage> _heard = new();
    private readonly IDisposable _subscription;

    private Listener(Func<Action<BusMessage>, IDisposable> subscribe) => _subscription = subscribe(_heard.Enqueue);

    public IReadOnlyCollection<BusMessage> Heard => _heard;

    public static Listener At(IBus bus, string address) => new(hear => bus.Subscribe(address, hear));

    /// <summary>A shard's owner.</summary>
    /// <param name="isDone">It is done with each message at once; else with none.</param>
    public static Listener Owning(IBus bus, string address, bool isDone = true) => new(hear => bus.SubscribeUntilDone(address, (message, done) =>
    {
        if (isDone) done?.Invoke();
        hear(message);
    }));

    /// <summary>Sends again and again until something more is heard. Fails rather than hangs.</summary>
    public void Until(Action send)
    {
        var before = _heard.Count;
        var began = Stopwatch.GetTimestamp();
        do
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "nothing arrived");
            send();
        }
        while (!SpinWait.SpinUntil(() => _heard.Count > before, TimeSpan.FromMilliseconds(20)));
    }

    /// <summary>Waits for one message.</summary>
    public void Hears(BusMessage message) => Assert.True(SpinWait.SpinUntil(() => _heard.Contains(message), Patience), $"{message} never arrived");

    public void Dispose() => _subscription.Dispose();
}
