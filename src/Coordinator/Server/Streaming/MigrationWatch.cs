using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Streaming;

/// <summary>Watch of one migration; its status also follows the live samples.</summary>
public sealed class MigrationWatch(IControlPlane plane, StreamWatch watch)
{
    public Task RunAsync(HttpContext context, MigrationId id) => watch.RunAsync(context, new Watched<MigrationResource>(
        id.StreamKey, () => plane.Migration(id), m => m.Metadata, m => m.Status.ClosedAt is not null, ApiJson.Default.MigrationResource, ApiProblems.NotFound("migration", id.Value)));
}
