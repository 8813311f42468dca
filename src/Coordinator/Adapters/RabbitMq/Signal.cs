using System.Threading.Channels;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>Wakes the one task that waits for it, which never runs inside <see cref="Set"/>. Set several times before that, it wakes once.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _set.Writer.TryWrite(true);

    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _set.Reader.ReadAsync(cancellation);
}
