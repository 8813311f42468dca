using Coordinator.Application.Bus;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>What a message means to a migration: the one translation, for live decisions and for histories that are decided again.</summary>
internal static class MigrationInputs
{
    /// <returns>Null if the host has no part in the migration, or speaks of another epoch (design: rule 12).</returns>
    public static MigrationInput? Of(MigrationPlan plan, HostId host, MigrationReport report) =>
        report.Epoch == plan.Epoch && RoleOf(plan, host) is { } role ? new Heard(role, report) : null;

    /// <returns>Null for a message that is not for migrations.</returns>
    public static MigrationInput? Of(MigrationPlan plan, ShardMessage message) => message switch
    {
        ClaimAnswered a => IsPermit(a.Stream) ? new PermitAnswered(a.Refusal) : new ReservationAnswered(a.Refusal),
        ClaimReleaseAnswered a when IsPermit(a.Stream) => new PermitReturnAnswered(),
        ClaimReleaseAnswered a => new ClaimReturnAnswered(a.Stream == plan.Source.StreamKey ? MigrationRole.Source : MigrationRole.Destination),
        HostChanged { What: "writtenOff" } c => new HostWrittenOff(c.Host == plan.Source ? MigrationRole.Source : MigrationRole.Destination),
        _ => null,
    };

    /// <returns>Null for a command that needs more than its words: those have handlers of their own.</returns>
    public static MigrationInput? Of(Command command, string actor, string? reason) => command switch
    {
        CancelMigration => new Cancel(reason ?? "cancelled by " + actor),
        ForceMigration => new ForceSwitchover(reason ?? "forced by " + actor),
        _ => null,
    };

    private static MigrationRole? RoleOf(MigrationPlan plan, HostId host) =>
        host == plan.Source ? MigrationRole.Source : host == plan.Destination ? MigrationRole.Destination : null;

    private static bool IsPermit(string stream) => stream.StartsWith("permits-", StringComparison.Ordinal);
}
