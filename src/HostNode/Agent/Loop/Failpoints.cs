using System.Globalization;
using Coordinator.Shared.Contracts;
using HostNode.Agent.Linux;

namespace HostNode.Agent.Loop;

/// <summary>
/// Named places at which a test lets this process die of a real SIGKILL, or stand still. Armed only by
/// <c>LM_FAILPOINT=name[@n][/source|/destination][=kill|=stop]</c> (the n-th time, in that part of a migration); otherwise each costs one
/// comparison.
/// </summary>
public sealed class Failpoints
{
    /// <summary>Environment variable that arms one.</summary>
    public const string Variable = "LM_FAILPOINT";

    /// <summary>Nothing armed.</summary>
    public static readonly Failpoints None = new(null, 0, null, static () => { });

    private static readonly string[] SourceSteps =
    [
        "on-input:MigrateOut",
        "before-persist:begun", "after-persist:begun",
        "before-drive:StartOutgoing", "after-drive:StartOutgoing",
        "on-input:OutgoingRound",
        "before-send:SwitchoverReady", "after-send:SwitchoverReady",
        "on-input:SwitchOver",
        "before-persist:intent", "after-persist:intent",
        "before-drive:StopAndCopy", "after-drive:StopAndCopy",
        "on-input:OutgoingPaused", "on-input:OutgoingCompleted",
        "before-send:PeerCommit", "after-send:PeerCommit",
        "before-send:CommitSent", "after-send:CommitSent",
        "on-input:PeerOwned",
        "before-drive:DestroyGuest", "after-drive:DestroyGuest",
        "before-persist:released", "after-persist:released",
        "before-send:Released", "after-send:Released",
        "on-input:AbortOut", "before-drive:AbortOutgoing", "after-drive:AbortOutgoing",
        "before-persist:rejected", "after-persist:rejected",
        "before-send:Rejected", "after-send:Rejected",
        "before-drive:RunGuest", "after-drive:RunGuest",
        "before-persist:hold", "after-persist:hold",
    ];

    private static readonly string[] DestinationSteps =
    [
        "on-input:PrepareIn",
        "before-drive:PrepareIncoming", "after-drive:PrepareIncoming",
        "before-persist:prepared", "after-persist:prepared",
        "before-send:Prepared", "after-send:Prepared",
        "on-input:IncomingLoaded", "on-input:PeerCommit",
        "before-persist:owned", "after-persist:owned",
        "before-drive:RunGuest", "after-drive:RunGuest",
        "on-input:GuestRunning",
        "before-persist:vmRan", "after-persist:vmRan",
        "before-send:PeerOwned", "after-send:PeerOwned",
        "before-send:Owned", "after-send:Owned",
        "on-input:RefuseIn", "on-input:PeerRefuse",
        "before-drive:DestroyGuest", "after-drive:DestroyGuest",
        "before-persist:refused", "after-persist:refused",
        "before-send:PeerRefused", "after-send:PeerRefused",
        "before-send:Refused", "after-send:Refused",
    ];

    private static readonly string[] Others =
    [
        "before-persist:started", "after-persist:started",
        "before-persist:placed", "after-persist:placed",
        "before-persist:vmEnded", "after-persist:vmEnded",
        "before-persist:orderSeen", "after-persist:orderSeen",
        "before-persist:storeRestored", "after-persist:storeRestored",
        "before-drive:StartGuest", "after-drive:StartGuest",
        "before-send:VmRunning", "after-send:VmRunning",
    ];

    private readonly string? _name;
    private readonly MigrationRole? _role;
    private readonly Action _act;
    private int _left;

    private Failpoints(string? name, int count, MigrationRole? role, Action act)
    {
        _name = name;
        _left = count;
        _role = role;
        _act = act;
    }

    /// <summary>Every place there is, as <c>name/role</c>, or <c>name</c> outside a migration.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. SourceSteps.Select(name => name + "/source"),
        .. DestinationSteps.Select(name => name + "/destination"),
        .. Others,
    ];

    /// <exception cref="FormatException">Not the name of a place: a test that waits for it would wait for ever.</exception>
    public static Failpoints Parse(string? text) => Parse(text, Libc.KillSelf, Libc.StopSelf);

    internal static Failpoints Parse(string? text, Action kill, Action stop)
    {
        if (string.IsNullOrEmpty(text)) return None;
        var (place, act) = text.Split('=') switch
        {
            [var name] => (name, kill),
            [var name, "kill"] => (name, kill),
            [var name, "stop"] => (name, stop),
            _ => ("", kill),
        };
        var role = place.EndsWith("/source", StringComparison.Ordinal) ? MigrationRole.Source
            : place.EndsWith("/destination", StringComparison.Ordinal) ? MigrationRole.Destination
            : (MigrationRole?)null;
        var rest = (role is null ? place : place[..place.LastIndexOf('/')]).Split('@');
        var count = 1;
        var wellFormed = rest.Length == 1 || (rest.Length == 2 && int.TryParse(rest[1], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0);
        if (wellFormed && All.Any(known => Matches(known, rest[0], role))) return new Failpoints(rest[0], count, role, act);
        throw new FormatException($"{Variable}={text}: no such failpoint; wanted: name[@n][/source|/destination][=kill|=stop] with one of {string.Join(", ", All)}");
    }

    /// <summary>Dies or stands still here if this place is armed and its turn has come.</summary>
    /// <param name="moment"><c>on-input</c>, <c>before-persist</c>, <c>after-persist</c>, <c>before-send</c>, <c>after-send</c>, <c>before-drive</c> or <c>after-drive</c>.</param>
    /// <param name="what">Kind of the input, record, message or command.</param>
    /// <param name="role">This host's part in the migration, null if there is none.</param>
    public void Hit(string moment, string what, MigrationRole? role)
    {
        if (_name is null || (_role is not null && _role != role)) return;
        if (_name.Length != moment.Length + 1 + what.Length || !_name.StartsWith(moment, StringComparison.Ordinal) || !_name.EndsWith(what, StringComparison.Ordinal)) return;
        if (Interlocked.Decrement(ref _left) == 0) _act();
    }

    private static bool Matches(string known, string name, MigrationRole? role) =>
        role is null ? known == name || known.StartsWith(name + "/", StringComparison.Ordinal) : known == $"{name}/{role.Value.ToString().ToLowerInvariant()}";
}
