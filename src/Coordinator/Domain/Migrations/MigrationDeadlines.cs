namespace Coordinator.Domain.Migrations;

/// <summary>Every non-terminal state has a deadline. Before the grant it ends the step; after it, it only asks again.</summary>
public static class MigrationDeadlines
{
    public static readonly TimeSpan Precheck = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Reservation = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan Preparation = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan Grant = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan Verification = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Reminder = TimeSpan.FromHours(24);
    public static readonly TimeSpan Asking = TimeSpan.FromSeconds(5);

    /// <summary>The deadline of a state, or null where nothing is waited for.</summary>
    public static Deadline? Of(MigrationState state) => state switch
    {
        NotRequested or Closed => null,
        Prechecking s => new Deadline("precheck", s.Since + Precheck),
        AwaitingPermit s => new Deadline("permit", s.GivesUpAt),
        Reserving s => new Deadline("reservation", s.Since + Reservation),
        Preparing s => new Deadline("preparation", Sooner(s.Since + Preparation, s.GivesUpAt)),
        PreCopying s => new Deadline("switchover", s.GivesUpAt),
        SwitchingOver s => new Deadline("hand-off", Later(s.Since + Grant, s.GivesUpAt)),
        Held s => new Deadline("a person's decision", s.Since + Reminder),
        Ended { Outcome: MigrationOutcome.Completed, Facts.Verified: false } s => new Deadline("verification", s.Since + Verification),
        Cancelling or GoingForward or Ended => new Deadline("answers of the hosts", state.Since + Asking),
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "a state without a deadline rule"),
    };

    private static DateTimeOffset Sooner(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
