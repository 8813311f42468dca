using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Links;

/// <summary>The newest sample of each migration not sent yet.</summary>
internal sealed class OutgoingSamples
{
    private readonly Lock _lock = new();
    private Dictionary<MigrationId, ProgressSample> _newest = [];

    public void Put(ProgressSample sample)
    {
        lock (_lock) _newest[sample.Migration] = sample;
    }

    public IReadOnlyCollection<ProgressSample> Take()
    {
        lock (_lock)
        {
            if (_newest.Count == 0) return [];
            var taken = _newest;
            _newest = [];
            return taken.Values;
        }
    }
}
