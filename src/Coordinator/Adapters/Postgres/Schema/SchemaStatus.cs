using Coordinator.Shared.Contracts;

namespace Coordinator.Adapters.Postgres.Schema;

/// <summary>What <c>coordinator schema status</c> tells.</summary>
/// <param name="Place">Server and database.</param>
/// <param name="Version">Of the database; 0: no tables of ours.</param>
/// <param name="Needed">By this program.</param>
/// <param name="Applied">Each step in the database, with when and by which program it was made.</param>
/// <param name="Shards">What the database was made with; null without tables.</param>
/// <param name="Events">Events stored.</param>
public sealed record SchemaStatus(string Place, int Version, int Needed, IReadOnlyList<AppliedMigration> Applied, int? Shards, long Events)
{
    /// <summary>Contracts whose event types may be written: raised by <see cref="SchemaMigrator.Finish"/>.</summary>
    public ContractVersion Contracts { get; init; } = ContractVersion.First;
}

/// <param name="Program">Version of the program that ran it.</param>
public sealed record AppliedMigration(int Version, string Name, DateTimeOffset At, string Program);
