using System.Globalization;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts;

namespace Coordinator.Application.Node;

/// <summary>
/// Named places at which a test lets this process die, or stand still. Armed only by <c>LM_FAILPOINT=name[@n][=kill|=stop]</c> (the n-th
/// time that place is passed); unarmed there is no object at all, and a place costs one comparison with null.
/// </summary>
public sealed class CoordinatorFailpoints
{
    /// <summary>Environment variable that arms one.</summary>
    public const string Variable = "LM_FAILPOINT";

    // Decided and not yet durable: it never happened. Durable and nobody told: it must be told by the next process.
    private const string BeforeCommit = "before-commit";
    private const string AfterCommit = "after-commit";
    private const string BeforeSend = "before-send";
    private const string AfterSend = "after-send";

    private static readonly string[] Events =
    [
        nameof(MigrationRequested), nameof(PrecheckPassed), nameof(PermitGranted), nameof(PermitObtained), nameof(CapacityClaimed), nameof(MigrationStarted),
        nameof(DestinationPrepared), nameof(PreCopyRoundCompleted), nameof(SwitchoverGranted), nameof(IntentSeen), nameof(CommitSeen),
        nameof(MigrationCompleted), nameof(SourceReleased), nameof(DestinationVerified), nameof(PermitReturned), nameof(ClaimReturned), nameof(MigrationClosed),
        nameof(MigrationCancelling), nameof(MigrationAborted), nameof(SourceRejected), nameof(DestinationRefused),
        nameof(HostDeclaredLost), nameof(MigrationHeld), nameof(HeldResolved),
    ];

    private static readonly string[] Orders =
    [
        nameof(Precheck), nameof(PrepareIn), nameof(MigrateOut), nameof(SwitchOver), nameof(Release), nameof(VerifyIn), nameof(GiveBack), nameof(AbortOut), nameof(RefuseIn),
    ];

    private readonly string _moment;
    private readonly string _what;
    private readonly Action _act;
    private int _left;

    private CoordinatorFailpoints(string moment, string what, int count, Action act)
    {
        (_moment, _what, _left, _act) = (moment, what, count, act);
    }

    /// <summary>Every place there is: <c>before-commit</c> and <c>after-commit</c> of an event, <c>before-send</c> and <c>after-send</c> of an order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Events.SelectMany(name => new[] { $"{BeforeCommit}:{name}", $"{AfterCommit}:{name}" }),
        .. Orders.SelectMany(name => new[] { $"{BeforeSend}:{name}", $"{AfterSend}:{name}" }),
    ];

    /// <returns>Null if the text is null or empty: nothing is armed.</returns>
    /// <exception cref="FormatException">Not the name of a place: a test that waits for it would wait for ever.</exception>
    public static CoordinatorFailpoints? Parse(string? text, Action kill, Action stop)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var (place, way) = Split(text, '=', "kill");
        var (name, count) = Split(place, '@', "1");
        if (!All.Contains(name) || way is not ("kill" or "stop") || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n < 1)
        {
            throw new FormatException($"{Variable}={text}: no such failpoint; wanted: name[@n][=kill|=stop] with one of {string.Join(", ", All)}");
        }

        var (moment, what) = Split(name, ':', "");
        return new CoordinatorFailpoints(moment, what, n, way == "kill" ? kill : stop);
    }

    /// <summary>A transaction is about to be written.</summary>
    public void Committing(AppendBatch batch) => Hit(BeforeCommit, batch);

    /// <summary>A transaction is durable and nobody knows of it.</summary>
    public void Committed(AppendBatch batch) => Hit(AfterCommit, batch);

    /// <summary>An order leaves the node for the host's link.</summary>
    public void Sending(Order order) => Hit(BeforeSend, order.GetType().Name);

    /// <summary>An order was handed to the host's connection: it has left, or is about to.</summary>
    public void Sent(Order order) => Hit(AfterSend, order.GetType().Name);

    private static (string First, string Second) Split(string text, char at, string otherwise) =>
        text.IndexOf(at, StringComparison.Ordinal) is var i and >= 0 ? (text[..i], text[(i + 1)..]) : (text, otherwise);

    private void Hit(string moment, AppendBatch batch)
    {
        if (_moment != moment) return;
        foreach (var happened in batch.Events) Hit(moment, happened.Type);
    }

    private void Hit(string moment, string what)
    {
        if (_moment == moment && _what == what && Interlocked.Decrement(ref _left) == 0) _act();
    }
}
