using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;

namespace Simulator;

/// <summary>What hosts write: every order acted on at most once, epochs that only grow, and no two words that exclude each other.</summary>
internal sealed class JournalChecks(SimWorld world, LogChecks log)
{
    private readonly Dictionary<(int Host, MigrationId Migration), string> last = [];
    private readonly Dictionary<(int Host, VmId Vm), (Epoch Epoch, MigrationId? Migration)> highest = [];
    private readonly Dictionary<MigrationId, Words> words = [];

    [Flags]
    private enum Words
    {
        None = 0,
        Rejected = 1,
        Released = 2,
        Owned = 4,
        Refused = 8,
    }

    /// <summary>Name of the host's newest record about the attempt.</summary>
    public string? WordOf(SimHost host, MigrationId migration) => last.GetValueOrDefault((host.Number, migration));

    public MigrationId? Durable(SimHost host, JournalRecord record)
    {
        switch (record)
        {
            case AttemptBegun r:
                Raise(host, r.Plan.Vm, r.Plan.Epoch, r.Plan.Migration, isNew: WordOf(host, r.Plan.Migration) is null);
                return Word(host, r.Plan.Migration, record, Words.None, after: [null, nameof(AttemptBegun)]);
            case AttemptPrepared r:
                Raise(host, r.Order.Vm, r.Order.Epoch, r.Order.Migration, isNew: true);
                return Word(host, r.Order.Migration, record, Words.None, after: [null]);
            case IntentJournaled r:
                return Word(host, r.Grant.Token.Migration, record, Words.None, after: [nameof(AttemptBegun)]);
            case AttemptRejected r:
                Raise(host, r.Vm, r.Epoch, r.Migration, isNew: false);
                return Word(host, r.Migration, record, Words.Rejected, after: [null, nameof(AttemptBegun), nameof(IntentJournaled), nameof(HoldPromised)]);
            case AttemptReleased r:
                return Word(host, r.Migration, record, Words.Released, after: [nameof(IntentJournaled), nameof(HoldPromised)]);
            case AttemptOwned r:
                return Word(host, r.Migration, record, Words.Owned, after: [nameof(AttemptPrepared)]);
            case AttemptRefused r:
                Raise(host, r.Vm, r.Epoch, r.Migration, isNew: false);
                return Word(host, r.Migration, record, Words.Refused, after: [null, nameof(AttemptPrepared)]);
            case HoldPromised r:
                return Word(host, r.Migration, record, Words.None, after: [nameof(IntentJournaled)]);
            case Placed r:
                Raise(host, r.Vm, r.Epoch, null, isNew: true);
                return null;
            default:
                return null;
        }
    }

    private MigrationId Word(SimHost host, MigrationId migration, JournalRecord record, Words word, ReadOnlySpan<string?> after)
    {
        var name = record.GetType().Name;
        var before = WordOf(host, migration);
        if (!after.Contains(before)) world.Checks.Violation($"{host} wrote {name} of {migration} after {before ?? "nothing"}");
        last[(host.Number, migration)] = name;
        if (word == Words.None) return migration;
        var all = words[migration] = words.GetValueOrDefault(migration) | word;
        if (all.HasFlag(Words.Rejected | Words.Owned) && !log.IsResolved(migration)) world.Checks.Violation($"both hosts of {migration} may run it: REJECTED and OWNED");
        if (all.HasFlag(Words.Released | Words.Refused) && !log.IsGivenUp(migration)) world.Checks.Violation($"no host of {migration} may run it: RELEASED and REFUSED");
        return migration;
    }

    // A new attempt, or a placement, must be above everything heard of; words about one never heard of raise it too.
    private void Raise(SimHost host, VmId vm, Epoch epoch, MigrationId? migration, bool isNew)
    {
        var (known, of) = highest.GetValueOrDefault((host.Number, vm));
        if (isNew && (epoch < known || (epoch == known && migration != of))) world.Checks.Violation($"{host} accepted epoch {epoch} of {vm} after {known}");
        if (epoch > known) highest[(host.Number, vm)] = (epoch, migration);
    }
}
