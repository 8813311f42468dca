using System.Collections.Immutable;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>Folds events into the evacuation. Pure.</summary>
public static class EvacuationEvolution
{
    /// <summary>Pause before a guest is tried again.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    /// <exception cref="CorruptHistoryException">The event cannot follow this state.</exception>
    public static EvacuationState Evolve(EvacuationState state, EvacuationEvent happened, int version, DateTimeOffset at) => (state, happened) switch
    {
        (NoEvacuation, EvacuationRequested e) => Requested(e, at),
        (Evacuation { Phase: EvacuationPhase.Closed }, _) => throw new CorruptHistoryException(state, happened),
        (Evacuation s, EvacuationStarted) => s with { Phase = EvacuationPhase.Running, StartedAt = at, Since = at, Asks = version, HostAsks = version },
        (Evacuation s, EvacuationHostCordoned e) => s with { Hosts = s.Hosts.SetItem(e.Host.Value, HostCordon.Set) },
        (Evacuation s, EvacuationHostUncordoned e) => s with { Hosts = s.Hosts.SetItem(e.Host.Value, HostCordon.TakenBack) },
        (Evacuation s, WaveOpened e) => s with { Wave = e.Wave, WaveEndedAt = null },
        (Evacuation s, GuestStarted e) => Change(s, e.Vm, at, g => g with
        {
            Phase = GuestPhase.Starting, Try = e.Try, Destination = e.Destination, Migration = null, RetryAt = null, Number = version,
        }) with { Asks = version },
        (Evacuation s, GuestFollowed e) => Change(s, e.Vm, at, g => g with { Phase = GuestPhase.Moving, Migration = e.Migration, Number = version }) with
        {
            Asks = s.StopRunning ? version : s.Asks,
        },
        (Evacuation s, GuestArrived e) => Change(s, e.Vm, at, g => g with { Phase = GuestPhase.Arrived, Host = e.Host, Code = null, Detail = null }),
        (Evacuation s, GuestFailed e) => Change(s, e.Vm, at, g => g with
        {
            Phase = e.Final ? GuestPhase.Failed : GuestPhase.Waiting, Code = e.Code, Detail = e.Detail, RetryAt = e.Final ? null : at + RetryPause,
        }),
        (Evacuation s, EvacuationPaused e) => s with { Phase = EvacuationPhase.Paused, PausedBy = e.By, PausedDetail = e.Detail, Since = at },
        (Evacuation s, EvacuationResumed) => Resumed(s, at),
        (Evacuation s, EvacuationAborting e) => s with
        {
            Phase = EvacuationPhase.Aborting, StopRunning = e.StopRunning, Since = at, Asks = version, CancelAsks = version, PausedBy = null, PausedDetail = null,
        },
        (Evacuation s, EvacuationReplanned e) => Replanned(s, e, at),
        (Evacuation s, FailedRetried e) => Forgiven(e.Vms.Aggregate(s, (now, vm) => Change(now, vm, at, g => g with
        {
            Phase = GuestPhase.Waiting, Wave = Math.Max(g.Wave, s.Wave), TriesForgiven = g.Try, RetryAt = null,
        }))),
        (Evacuation s, EvacuationEnded e) => s with { Phase = EvacuationPhase.Ended, Outcome = e.Outcome, EndedAt = at, Since = at, Asks = version, HostAsks = version },
        (Evacuation s, EvacuationClosed) => s with { Phase = EvacuationPhase.Closed, Since = at },
        _ => throw new CorruptHistoryException(state, happened),
    };

    private static Evacuation Requested(EvacuationRequested e, DateTimeOffset at)
    {
        var s = new Evacuation(e.Id, e.Spec, e.Instance, e.Plan, at)
        {
            Since = at,
            Hosts = e.Spec.Hosts.ToImmutableDictionary(h => h.Value, _ => HostCordon.Asked),
        };
        return Planned(s, e.Instance, e.Plan);
    }

    private static Evacuation Resumed(Evacuation s, DateTimeOffset at) => s with
    {
        Phase = s.StartedAt is null ? EvacuationPhase.Pending : EvacuationPhase.Running,
        Since = at,
        PausedBy = null,
        PausedDetail = null,
        FailedBefore = s.Counts.Failed,
        SettledBefore = s.Counts.Settled,
        DeadlineWaived = s.DeadlineWaived || s.PausedBy == "deadline",
        WindowWaived = s.WindowWaived || s.PausedBy == "window",
    };

    // Who was forgiven and is tried again has his failures before him.
    private static Evacuation Forgiven(Evacuation s) => s with { FailedBefore = Math.Min(s.FailedBefore, s.Counts.Failed), SettledBefore = Math.Min(s.SettledBefore, s.Counts.Settled) };

    // Who is settled or under way keeps what is known of it; the plan speaks of all others.
    private static Evacuation Replanned(Evacuation s, EvacuationReplanned e, DateTimeOffset at)
    {
        var kept = s.Guests.Values.Where(g => g.IsSettled || g.IsUnderWay).ToImmutableDictionary(g => g.Vm.Value, g => g with { Wave = 0 });
        var tries = s.Guests;
        s = Planned(s with { Instance = e.Instance, Plan = e.Plan, Guests = kept, Wave = 0, WaveEndedAt = null, Since = at }, e.Instance, e.Plan);
        return s with
        {
            Guests = s.Guests.SetItems(s.Guests.Values.Where(g => g.Phase == GuestPhase.Waiting && tries.ContainsKey(g.Vm.Value)).Select(g =>
                KeyValuePair.Create(g.Vm.Value, g with { Try = tries[g.Vm.Value].Try, TriesForgiven = tries[g.Vm.Value].TriesForgiven }))),
        };
    }

    private static Evacuation Planned(Evacuation s, PlanInstance instance, EvacuationPlan plan)
    {
        var flying = instance.Guests.Where(g => g.InFlight is not null).Select(g => g.Name).ToHashSet(StringComparer.Ordinal);
        var guests = s.Guests.ToBuilder();
        foreach (var move in plan.Moves)
        {
            guests.TryAdd(move.Guest, new EvacuatedGuest(new VmId(move.Guest), new HostId(move.Source), new HostId(move.Destination), move.Wave, move.Order)
            {
                Phase = flying.Contains(move.Guest) ? GuestPhase.Moving : GuestPhase.Waiting,
            });
        }

        foreach (var stays in plan.Stays)
            guests.TryAdd(stays.Guest, new EvacuatedGuest(new VmId(stays.Guest), new HostId(stays.Host), null, 0, 0) { Phase = GuestPhase.Stays, Code = stays.Action, Detail = stays.Reason });
        return s with
        {
            Guests = guests.ToImmutable(),
            Counts = guests.Values.Aggregate(new EvacuationCounts(), (counts, g) => counts.With(g.Phase, 1)),
            Unsettled = guests.Values.Where(g => !g.IsSettled).GroupBy(g => g.Wave).ToImmutableSortedDictionary(w => w.Key, w => w.Count()),
        };
    }

    private static Evacuation Change(Evacuation s, VmId vm, DateTimeOffset at, Func<EvacuatedGuest, EvacuatedGuest> change)
    {
        if (!s.Guests.TryGetValue(vm.Value, out var before)) throw new CorruptHistoryException(s, vm);
        var after = change(before);
        var unsettled = s.Unsettled;
        if (!before.IsSettled) unsettled = unsettled.SetItem(before.Wave, unsettled[before.Wave] - 1);
        if (!after.IsSettled) unsettled = unsettled.SetItem(after.Wave, unsettled.GetValueOrDefault(after.Wave) + 1);
        var open = unsettled.GetValueOrDefault(s.Wave) > 0;
        return s with
        {
            Guests = s.Guests.SetItem(vm.Value, after),
            Counts = s.Counts.With(before.Phase, -1).With(after.Phase, 1),
            Unsettled = unsettled,
            WaveEndedAt = open ? null : s.WaveEndedAt ?? at,
        };
    }
}
