using System.Collections.Concurrent;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>The newest figures between rounds, per open migration. Never durable; a restart loses them and the next sample brings them back.</summary>
public sealed class LiveSamples
{
    private readonly ConcurrentDictionary<MigrationId, ProgressSample> _newest = new();

    public void Put(ProgressSample sample) => _newest[sample.Migration] = sample;

    public ProgressSample? Of(MigrationId id) => _newest.GetValueOrDefault(id);

    public void Forget(MigrationId id) => _newest.TryRemove(id, out _);
}
