namespace Coordinator.Adapters;

/// <summary>Ends once, however often it is disposed of and by whom.</summary>
internal sealed class Subscription(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}
