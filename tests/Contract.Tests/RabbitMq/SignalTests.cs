using Coordinator.Adapters.RabbitMq;

namespace Contract.Tests.RabbitMq;

/// <summary>
/// The client ends a connection by calling us, and stands still for ever if what we do about it (a new connection, say) runs inside of that call. So
/// what its callbacks set must never run who waits for it.
/// </summary>
public sealed class SignalTests
{
    [Fact]
    public async Task Given_a_task_that_waits_When_the_signal_is_set_Then_it_goes_on_elsewhere()
    {
        var signal = new Signal();
        var end = new LineEnd(signal);
        using var callbackHasReturned = new ManualResetEventSlim();
        var waiter = GoOnAsync();

        var callback = new Thread(() =>
        {
            end.Because("the connection was closed"); // ran it here, what follows would never come
            callbackHasReturned.Set();
        });
        callback.Start();

        Assert.Equal("the connection was closed", await waiter.WaitAsync(TimeSpan.FromSeconds(30)));
        callback.Join();

        async Task<string?> GoOnAsync()
        {
            await signal.WaitAsync(CancellationToken.None);
            Assert.True(callbackHasReturned.Wait(TimeSpan.FromSeconds(20)), "it runs inside of the callback");
            return end.Why;
        }
    }

    [Fact]
    public async Task Given_a_signal_set_twice_before_anyone_waits_When_waited_for_Then_it_wakes_once()
    {
        var signal = new Signal();
        signal.Set();
        signal.Set();

        await signal.WaitAsync(CancellationToken.None);
        using var soon = new CancellationTokenSource();
        var again = signal.WaitAsync(soon.Token).AsTask();
        Assert.False(again.IsCompleted);
        await soon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => again);
    }
}
