using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Domain.Migrations;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>Wakes the watchers of a stream at each of its events, and forgets live figures once they mean nothing.</summary>
internal sealed class WatchWaker(ChangeFeed changes, LiveSamples samples) : ICommitListener
{
    public void Committed(CommittedEvent happened) => Happened(happened.Stream, happened.Body);

    /// <summary>Also for what other nodes committed.</summary>
    public void Happened(string stream, object body)
    {
        if (body is MigrationClosed && MigrationId.TryParse(stream["migration-".Length..], out var id)) samples.Forget(id);
        changes.Raise(stream);
    }
}
