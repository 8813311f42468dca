using Coordinator.Application.Bus;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>What a line tells the bus, on the client's own threads.</summary>
/// <param name="Deliver">A message arrived; its second argument is called when it is done with.</param>
/// <param name="Moved">A host's newest link stands at another node.</param>
/// <param name="Unread">A message arrived that cannot be read.</param>
/// <param name="RoomMade">More can be sent.</param>
/// <param name="Lost">So many messages are known to be lost, and why, in words.</param>
/// <param name="Ended">In words: nothing more comes of this line.</param>
internal sealed record LineEvents(Action<BusMessage, Action> Deliver, Action<string> Moved, Action Unread, Action RoomMade, Action<int, string> Lost, Action<string> Ended);
