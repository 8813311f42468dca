using Cli.Output;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Verbs;

/// <summary>The long form of a resource. Each ends with what happened and what can be done now.</summary>
internal static class Descriptions
{
    private const int EventsShown = 30;
    private const int WaitingShown = 10;

    public static async Task MigrationAsync(Session session, MigrationResource m, CancellationToken cancellation)
    {
        var s = m.Status;
        Field("Migration", m.Metadata.Name);
        Field("VM", $"{m.Spec.Vm}, {m.Spec.Source} -> {m.Spec.Destination}, epoch {s.Epoch}");
        Field("Phase", s.Phase);
        Field("Outcome", Printers.Outcome(s) + (s.Reason is { Length: > 0 } reason ? ": " + reason : ""));
        Field("Verdict", s.Verdict);
        if (s.Transfer is { } t) Field("Transfer", $"sent {t.Sent}, remaining {t.Remaining}, sending {t.Bandwidth}, dirtying {t.DirtyRate}, ratio {Ratio(t)}{(t.Live ? " (live)" : " (last round)")}");
        if (s.ForecastMs is { } forecast) Field("Forecast", $"{Words.Milliseconds(forecast)} blackout if stopped now, limit {m.Spec.Policy.MaxBlackoutMs} ms");
        if (s.ThrottlePercent > 0) Field("Throttle", $"{s.ThrottlePercent} %");
        if (s.BlackoutMs is { } blackout) Field("Blackout", Words.Milliseconds(blackout));
        if (s.Digest is { } digest) Field("Digest", digest + " (equal on both hosts)");
        if (s.Resent is { } resent) Field("Re-sent", resent.ToString());
        if (s.Owner is { } owner) Field("Decided by", $"{owner.Node}, shard {owner.Shard}, term {owner.Term}; taken over {s.Resumes} times");
        if (s.Evacuation is { } evacuation) Field("Part of", evacuation);
        if (s.RetryOf is { } before) Field("Retry of", before);
        if (s.RetriedBy is { } after) Field("Retried by", after);
        foreach (var waiting in s.WaitingOn) Field("Waiting on", waiting);
        Problems(s.Problems);
        Rounds(s.Rounds);
        await HappenedAsync(session, $"/v1/migrations/{m.Metadata.Name}/events", cancellation);
        CanDo([.. s.Actions.Select(action => MigrationAction(action, m.Metadata.Name)), $"lm explain {m.Metadata.Name}"]);
    }

    public static async Task EvacuationAsync(Session session, EvacuationResource e, CancellationToken cancellation)
    {
        var (s, c) = (e.Status, e.Status.Counts);
        Field("Evacuation", e.Metadata.Name);
        Field("Hosts", string.Join(", ", e.Spec.Hosts));
        Field("Phase", s.PausedBy is { } by ? $"{s.Phase} by {by}" : s.Phase);
        Field("Verdict", s.Verdict);
        Field("Guests", $"{c.Guests}: {c.Arrived} arrived, {c.Moving} moving, {c.Waiting} waiting, {c.Failed} failed, {c.Stays} stay");
        Field("Budget", $"{EvacuationWords.Budget(s)} failed guests spent{(e.Spec.FailureRate is { } rate ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", at most {rate:P0} of the settled") : "")}");
        Field("Time left", EvacuationWords.Eta(s));
        foreach (var host in s.Hosts) Field("Power off", EvacuationWords.Power(host));
        foreach (var wave in s.Waves) Field($"Wave {wave.Number}", Watch.EvacuationScreen.Lane(wave));
        foreach (var waiting in s.WaitingOn.Take(WaitingShown)) Field("Waiting on", $"{waiting.Vm}: {waiting.Why}");
        if (s.Counts.Waiting > WaitingShown) Field("", $"and {s.Counts.Waiting - WaitingShown} more");
        foreach (var stay in s.Stays) Field("Stays", $"{stay.Vm}: {stay.Why}");
        Guests(s.Guests);
        await HappenedAsync(session, $"/v1/evacuations/{e.Metadata.Name}/events", cancellation);
        CanDo([.. s.Actions.Select(action => $"lm evacuations {(action == "retryFailed" ? "retry-failed" : action)} {e.Metadata.Name}"), $"lm explain {e.Metadata.Name}"]);
    }

    public static async Task VmAsync(Session session, VmResource vm, CancellationToken cancellation)
    {
        var s = vm.Status;
        Field("VM", vm.Metadata.Name);
        Field("Phase", s.Reason.Length > 0 ? $"{s.Phase}: {s.Reason}" : s.Phase);
        Field("Host", $"{s.Host ?? "none"}, epoch {s.Epoch}");
        Field("Guest", $"{vm.Spec.Driver}, {vm.Spec.Memory}, {vm.Spec.Vcpus} vCPUs");
        if (s.Alert is { } alert) Field("Alert", alert);
        if (s.Migration is { } open) Field("Migration", open);
        if (s.LastMigration is { } last) Field("Last moved", last);
        await HappenedAsync(session, $"/v1/vms/{vm.Metadata.Name}/events", cancellation);
        CanDo(s.Actions.Select(action => action switch
        {
            "migrate" => $"lm migrate {vm.Metadata.Name} --to HOST",
            _ => $"lm vms {action} {vm.Metadata.Name}",
        }));
    }

    public static async Task HostAsync(Session session, HostResource host, CancellationToken cancellation)
    {
        var s = host.Status;
        Field("Host", host.Metadata.Name);
        Field("Phase", s.Reason.Length > 0 ? $"{s.Phase}: {s.Reason}" : s.Phase);
        Field("New guests", host.Spec.Schedulable ? "yes" : $"no: {host.Spec.CordonReason ?? "cordoned"}");
        Field("Power off", s.SafeToPowerOff ? "safe" : $"not safe: {s.NotSafeBecause}");
        Field("Memory", $"{Words.Of(s.Memory)}, claimed {Words.Of(s.MemoryClaimed)}");
        Field("CPUs", $"{s.Cpus?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}, claimed {s.CpusClaimed ?? 0}");
        Field("Agent", $"{s.AgentVersion ?? "-"}, start {s.StartCount ?? 0}, at {s.Address ?? "-"}, drivers {string.Join(", ", s.Drivers)}");
        Field("VMs", s.Vms.Count == 0 ? "none" : string.Join(", ", s.Vms));
        foreach (var claim in s.Claims.Where(claim => !claim.Occupies)) Field("Claim", $"{claim.Vm}: {claim.Memory}, {claim.Claim}");
        Problems(s.Notes);
        await HappenedAsync(session, $"/v1/hosts/{host.Metadata.Name}/events", cancellation);
        CanDo(s.Actions.Select(action => action == "writeOff" ? $"lm hosts write-off {host.Metadata.Name} --attest-off --reason TEXT" : $"lm hosts {action} {host.Metadata.Name}"));
    }

    public static string MigrationAction(string action, string name) => action switch
    {
        "cancel" => $"lm migrations cancel {name}",
        "forceSwitchover" => $"lm migrations force-switchover {name}",
        "resolve" => $"lm migrations resolve {name} --resume-source|--restart-from-disk|--wait --reason TEXT --second-person NAME",
        _ => $"lm migrations {action} {name}",
    };

    public static string Ratio(TransferStatus transfer) =>
        transfer.Ratio is { } ratio ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ratio:0.00}") : "unknown yet";

    private static void Guests(IReadOnlyList<EvacuationGuest> guests)
    {
        if (guests.Count == 0) return;
        var table = new TextTable("WAVE", "GUEST", "FROM", "TO", "PHASE", "TRY", "MIGRATION", "WHY");
        foreach (var guest in guests)
            table.Add(Words.Of(guest.Wave), guest.Vm, guest.From, guest.To, guest.Phase, Words.Of(guest.Try), guest.Migration ?? "-", guest.Code is null ? "" : $"{guest.Code}: {guest.Detail}");
        Console.Out.Write("\nGuests\n" + table);
    }

    private static void Rounds(IReadOnlyList<RoundFacts> rounds)
    {
        if (rounds.Count == 0) return;
        var table = new TextTable("ROUND", "SENT", "TOOK", "LEFT DIRTY", "SENDING", "DIRTYING", "THROTTLE");
        foreach (var round in rounds)
        {
            table.Add(
                Words.Of(round.Round), round.Sent.ToString(), Words.Milliseconds(round.Duration.TotalMilliseconds), round.Dirty.ToString(), round.Bandwidth.ToString(),
                round.DirtyRate.ToString(), $"{round.ThrottlePercent} %");
        }

        Console.Out.Write("\nRounds\n" + table);
    }

    private static void Problems(IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems) Field(problem.Severity, $"{problem.Code}: {problem.Detail} {problem.Remedy}".TrimEnd());
    }

    private static async Task HappenedAsync(Session session, string path, CancellationToken cancellation)
    {
        var newest = new Queue<EventResource>();
        var skipped = 0;
        await foreach (var happened in session.Api.ListAsync(path, ApiJson.Reader.ListResourceEventResource, cancellation))
        {
            newest.Enqueue(happened);
            if (newest.Count <= EventsShown) continue;
            newest.Dequeue();
            skipped++;
        }

        Console.Out.WriteLine(skipped == 0 ? "\nWhat happened" : $"\nWhat happened (the newest {EventsShown}; {skipped} before them)");
        foreach (var happened in newest) Console.Out.WriteLine($"  {Words.Time(happened.At)}  {happened.Type}  {EventWords.Summary(happened)}".TrimEnd());
    }

    private static void CanDo(IEnumerable<string> commands)
    {
        Console.Out.WriteLine("\nWhat you can do");
        var any = false;
        foreach (var command in commands)
        {
            Console.Out.WriteLine("  " + command);
            any = true;
        }

        if (!any) Console.Out.WriteLine("  nothing now");
    }

    private static void Field(string name, string value) => Console.Out.WriteLine($"{name,-12} {value}");
}
