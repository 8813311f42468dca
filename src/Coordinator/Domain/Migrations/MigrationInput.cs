using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Migrations;

/// <summary>What a migration can be told. Closed family: commands of people, facts of hosts, answers of other shards, timers.</summary>
public abstract record MigrationInput;

public sealed record RequestMigration(MigrationPlan Plan) : MigrationInput;

/// <summary>A fact; <paramref name="Role"/> is the reporting host's part in this migration, taken from its certificate.</summary>
public sealed record Heard(MigrationRole Role, MigrationReport Report) : MigrationInput;

public sealed record PermitAnswered(Problem? Refusal) : MigrationInput;

public sealed record ReservationAnswered(Problem? Refusal) : MigrationInput;

public sealed record PermitReturnAnswered : MigrationInput;

public sealed record ClaimReturnAnswered(MigrationRole Role) : MigrationInput;

public sealed record Cancel(string Reason) : MigrationInput;

public sealed record ForceSwitchover(string Reason) : MigrationInput;

/// <param name="Choice"><c>resumeSource</c>, <c>restartFromDisk</c> or <c>wait</c>.</param>
public sealed record ResolveHeld(string Choice, Epoch NewEpoch, string Reason, string SecondPerson) : MigrationInput;

/// <summary>A person attested that a participating host is off and will not come back.</summary>
public sealed record HostWrittenOff(MigrationRole Role) : MigrationInput;

/// <summary>The store was restored from a backup: what was decided after this is unknown.</summary>
public sealed record CutHistory(string Restore) : MigrationInput;

/// <summary>The state's deadline has come.</summary>
public sealed record DeadlineReached : MigrationInput;
