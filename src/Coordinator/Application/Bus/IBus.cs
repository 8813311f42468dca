namespace Coordinator.Application.Bus;

/// <summary>
/// Carries messages between shards and to the node that holds a host's link. May lose, repeat, delay and reorder; correctness never
/// rests on it. A handler is called on any thread, must return quickly and must not throw.
/// </summary>
public interface IBus : IDisposable
{
    /// <summary>Sends to every current subscriber of the address.</summary>
    /// <returns>False if refused because a bounded queue is full: the message is gone, and that is allowed.</returns>
    bool Publish(BusMessage message);

    /// <summary>Sends what one commit made due, in order. An adapter may take it at once.</summary>
    void Publish(IReadOnlyList<BusMessage> messages)
    {
        foreach (var message in messages) Publish(message);
    }

    /// <summary>Receives messages for an address until disposed.</summary>
    IDisposable Subscribe(string address, Action<BusMessage> handler);

    /// <summary>
    /// As <see cref="Subscribe"/>, for who can say when a message is done with. A bus that keeps messages forgets one only then, and gives it to the
    /// next subscriber if this one ends or dies before.
    /// </summary>
    /// <param name="handler">Its second argument, if there is one, is to be called when what the message led to is durable, or will never be.</param>
    IDisposable SubscribeUntilDone(string address, Action<BusMessage, Action?> handler) => Subscribe(address, message => handler(message, null));

    /// <summary>Messages that wait here to leave for other nodes.</summary>
    int Waiting => 0;

    /// <summary>Messages for other nodes that were refused or could not be sent since the start.</summary>
    long Lost => 0;

    /// <summary>Messages that came and could not be read since the start: of a kind that only another version knows.</summary>
    long Unread => 0;
}
