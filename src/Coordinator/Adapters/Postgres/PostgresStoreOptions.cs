using Coordinator.Shared.Contracts;

namespace Coordinator.Adapters.Postgres;

/// <summary>Which PostgreSQL database, and what it must be like.</summary>
public sealed record PostgresStoreOptions
{
    /// <summary>
    /// Npgsql's words: <c>Host=db;Database=coordinator;Username=coordinator;Password=…;SSL Mode=VerifyFull;Root Certificate=/etc/…</c>. Several
    /// hosts may be named; only one that accepts writes is used.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>Replaces the connection string's, if any: so that it can come from a file of its own.</summary>
    public string? Password { get; init; }

    /// <summary>The number the database was made with (<c>coordinator schema migrate</c>), 1 to 4096.</summary>
    public int ShardCount { get; init; } = Shared.Identity.Shards.CountDefault;

    /// <summary>What the program speaks: a database whose events may be of newer contracts is refused.</summary>
    public ContractVersion Contracts { get; init; } = ContractVersion.Current;

    /// <summary>A statement that has no answer for so long is given up: an append's fate is unknown then.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections for reading at the most; there is one more for writing.</summary>
    public int Readers { get; init; } = 8;

    /// <summary>Also while a backup is being restored into it: only for who restores.</summary>
    public bool Unfinished { get; init; }
}
