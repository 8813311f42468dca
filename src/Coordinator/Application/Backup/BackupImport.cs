namespace Coordinator.Application.Backup;

/// <summary>What every store checks of the lines it is given: the order, and that events follow each other without a gap.</summary>
public sealed class BackupImport
{
    private readonly Dictionary<int, long> _next = [];
    private readonly Dictionary<int, long> _last = [];

    /// <summary>Of the backup; known after its first line.</summary>
    public BackupHead? Head { get; private set; }

    /// <summary>Events so far: the position of the last one.</summary>
    public long Events { get; private set; }

    /// <exception cref="BackupDamagedException">This line cannot stand here.</exception>
    public void Check(BackupLine line)
    {
        switch (line)
        {
            case BackupHead { Kind: not null } head when Head is null:
                throw new BackupDamagedException($"an {head.Kind} and no backup: it holds closed streams only");
            case BackupHead head when Head is null:
                Head = head;
                break;
            case BackupShard s when Head is not null && s.Shard < Head.Shards:
                _last[s.Shard] = s.Seq;
                break;
            case BackupEvent e when _last.ContainsKey(e.Shard):
                if (e.Seq != _next.GetValueOrDefault(e.Shard) + 1) throw new BackupDamagedException($"event {e.Stream}@{e.Version} is number {e.Seq} of shard {e.Shard}: those before are missing");
                _next[e.Shard] = e.Seq;
                Events++;
                break;
            case BackupStream or BackupKey when Head is not null:
                break;
            default:
                throw new BackupDamagedException($"{line.GetType().Name} stands where it cannot");
        }
    }

    /// <exception cref="BackupDamagedException">Shards or events are missing.</exception>
    public void Complete()
    {
        if (Head is null || _last.Count != Head.Shards) throw new BackupDamagedException("it does not name every shard");
        if (_last.FirstOrDefault(shard => _next.GetValueOrDefault(shard.Key) != shard.Value) is { Value: > 0 } missing) throw new BackupDamagedException($"the last events of shard {missing.Key} are missing");
    }
}
