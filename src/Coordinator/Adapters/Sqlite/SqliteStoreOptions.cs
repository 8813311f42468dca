namespace Coordinator.Adapters.Sqlite;

/// <summary>Where the embedded store lives and how it was made.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>The database file. Created if missing; its directory must exist. SQLite keeps <c>-wal</c> and <c>-shm</c> beside it.</summary>
    public required string Path { get; init; }

    /// <summary>Shards of a new database, 1 to 4096. An existing one must have been made with the same number.</summary>
    public int ShardCount { get; init; } = Shared.Identity.Shards.CountDefault;

    /// <summary>How long to wait for another process that is writing to the same file.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Name of a registered SQLite file layer; null for the system's. Tests inject faults through it.</summary>
    public string? Vfs { get; init; }

    /// <summary>The write-ahead log is copied into the database file after about this many pages of 4 KiB. Small copies delay commits least.</summary>
    public int CheckpointPages { get; init; } = 1_000;

    /// <summary>The committing thread copies the log itself: no other thread touches the file. For tests that count calls.</summary>
    public bool CheckpointInline { get; init; }

    /// <summary>Read by <see cref="SqliteStore.Now"/>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
