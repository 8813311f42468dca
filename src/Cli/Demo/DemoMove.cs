using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Demo;

/// <summary>One move of a guest with a kill in the middle of its pre-copy, from request to closed.</summary>
/// <param name="Into">How long pre-copy goes on before the kill; zero where bytes are seen to flow.</param>
internal sealed record DemoMove(string Vm, string From, string To, MigrationPolicy Policy, TimeSpan Into = default)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <param name="kill">Called once, when bytes flow in pre-copy.</param>
    /// <returns>The migration as it was closed, and whether the kill met it in pre-copy.</returns>
    public async Task<(MigrationResource Migration, bool KilledInPreCopy)> RunAsync(DemoApi api, DemoReport report, Action<MigrationResource> kill, CancellationToken cancellation) =>
        await FollowAsync(await BeginAsync(api, report, cancellation), api, report, kill, cancellation);

    /// <returns>The migration's id.</returns>
    public async Task<string> BeginAsync(DemoApi api, DemoReport report, CancellationToken cancellation)
    {
        var id = await api.MigrateAsync(Vm, To, Policy, cancellation);
        report.Say($"{id}: {Vm} moves from {From} to {To} while it writes");
        return id;
    }

    /// <summary>From a migration that has begun to its end; see <see cref="RunAsync"/>.</summary>
    public async Task<(MigrationResource Migration, bool KilledInPreCopy)> FollowAsync(
        string id, DemoApi api, DemoReport report, Action<MigrationResource> kill, CancellationToken cancellation)
    {
        var (tried, killed) = (false, false);
        MigrationResource? last = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await foreach (var item in Streams.Migration(api.Client, id).FollowAsync(patience.Token))
            {
                if (item is WatchItem<MigrationResource>.End end) last = end.Resource;
                if (item is not WatchItem<MigrationResource>.Now { Resource: var now }) continue;
                if (last?.Status.Phase != now.Status.Phase) report.Say($"{id}: {now.Status.Phase}: {now.Status.Verdict}");
                last = now;
                if (killed || tried || !IsTime(now)) continue;
                (tried, killed) = (true, true);
                if (Into > TimeSpan.Zero)
                {
                    await Task.Delay(Into, patience.Token);
                    now = await api.Client.GetAsync("/v1/migrations/" + id, ApiJson.Reader.MigrationResource, patience.Token);
                    killed = now.Status.Phase == "PreCopying";
                }

                if (killed) kill(now);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var where = last is null ? "nothing was heard of it" : $"{last.Status.Phase}: {last.Status.Verdict}; waiting on {string.Join(", ", last.Status.WaitingOn)}";
            throw new CliException(ExitCodes.Failed, $"{id} was not closed within {Patience.TotalSeconds:0} s: {where}");
        }

        report.Say($"{id}: {Watch.MigrationWatch.Conclusion(last!)}");
        return (last!, killed);
    }

    /// <summary>Claims that every move must meet.</summary>
    public async Task CheckAsync(MigrationResource m, DemoApi api, DemoReport report, OwnProcesses processes, CancellationToken cancellation)
    {
        var s = m.Status;
        var events = await api.EventsAsync(m.Metadata.Name, cancellation);
        var vm = await api.VmAsync(Vm, cancellation);
        var terminal = events.Where(e => e.Type is "MigrationCompleted" or "MigrationAborted" or "MigrationLost" or "MigrationHeld").Select(e => e.Type).ToList();
        report.Check($"{Vm} completed and was verified", s is { Outcome: "Completed", Quality: "Verified" }, Printers.Outcome(s));
        report.Check($"{Vm} runs on {To}, and there alone", vm.Status.Phase == "Running" && vm.Status.Host == To, $"{vm.Status.Phase} on {vm.Status.Host}, epoch {vm.Status.Epoch}");
        report.Check($"{Vm} exists once", processes.GuestsOf(Vm).Count == 1, $"{processes.GuestsOf(Vm).Count} processes hold its memory");
        report.Check($"{Vm} has one terminal event", terminal.Count == 1, string.Join(", ", terminal));
        report.Check($"{Vm} is closed: both hosts attested that nothing is left", s.Phase == "Closed" && events[^1].Type == "MigrationClosed", $"{s.Phase}, {events.Count} events");
        report.Check($"{Vm} digests are equal on both hosts", SameDigests(events, s), s.Digest ?? "none");
        // The limit is a promise about the forecast; what a busy machine makes of it is measured and told, not judged.
        report.Check(
            $"{Vm} was switched over within its forecast limit of {m.Spec.Policy.MaxBlackoutMs} ms", s.ForecastMs <= m.Spec.Policy.MaxBlackoutMs && s.BlackoutMs > 0,
            $"forecast {Words.Milliseconds(s.ForecastMs)}, measured {Words.Milliseconds(s.BlackoutMs)}");
    }

    // Figures between the rounds are known only to the coordinator that the source is connected to.
    private bool IsTime(MigrationResource now) => now.Status.Phase == "PreCopying" && (Into > TimeSpan.Zero || now.Status.Transfer?.Sent.Value > 0);

    // The source's digest travels with COMMIT, the destination's with OWNED; each is in an event of its own.
    private static bool SameDigests(IReadOnlyList<EventResource> events, MigrationStatus status)
    {
        var digests = events.Where(e => e.Type is "CommitSeen" or "MigrationCompleted" or "DestinationOwned").Select(Digest).Where(digest => digest is not null).ToList();
        return digests.Count >= 2 && digests.TrueForAll(digest => digest == digests[0]) && status.Digest == digests[0];
    }

    private static string? Digest(EventResource happened) => happened.Data.TryGetProperty("digest", out var digest) ? digest.GetString() : null;
}
