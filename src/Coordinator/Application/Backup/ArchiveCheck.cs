namespace Coordinator.Application.Backup;

/// <summary>What an archive must hold: whole streams, each closed, its events from the first to the last.</summary>
public sealed class ArchiveCheck
{
    private BackupStream? _stream;
    private int _version;

    /// <summary>Known after the first line.</summary>
    public BackupHead? Head { get; private set; }

    public long Streams { get; private set; }

    public long Events { get; private set; }

    /// <exception cref="BackupDamagedException">This line cannot stand here.</exception>
    public void Check(BackupLine line)
    {
        switch (line)
        {
            case BackupHead { Kind: BackupHead.Archive } head when Head is null:
                Head = head;
                break;
            case BackupHead when Head is null:
                throw new BackupDamagedException("a backup and no archive");
            case BackupStream { Closed: true } s when Head is not null:
                Complete();
                (_stream, _version) = (s, 0);
                Streams++;
                break;
            case BackupEvent e when e.Stream == _stream?.Key:
                if (e.Version != ++_version) throw new BackupDamagedException($"{e.Stream} goes on with version {e.Version} after {_version - 1}");
                Events++;
                break;
            default:
                throw new BackupDamagedException($"{line.GetType().Name} stands where it cannot");
        }
    }

    /// <exception cref="BackupDamagedException">The last stream is not whole.</exception>
    public void Complete()
    {
        if (Head is null) throw new BackupDamagedException("it is empty");
        if (_stream is { } s && _version != s.Version) throw new BackupDamagedException($"{s.Key} ends with version {_version} of {s.Version}");
    }
}
