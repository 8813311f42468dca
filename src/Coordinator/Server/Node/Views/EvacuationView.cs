using System.Globalization;
using Coordinator.Application.Projections;
using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Server.Node.Views;

/// <summary>An evacuation as the API shows it.</summary>
internal static class EvacuationView
{
    private const int WaitingShown = 100;

    /// <param name="remaining">What a migration still has to send; null while that is not known.</param>
    public static EvacuationResource Of(EvacuationRow row, IReadOnlyList<EvacuatedHost> hosts, Func<MigrationId, ByteCount?> remaining, DateTimeOffset now)
    {
        var s = row.State;
        var guests = s.Guests.Values.OrderBy(guest => guest.Wave).ThenBy(guest => guest.Order).ThenBy(guest => guest.Vm.Value, StringComparer.Ordinal).ToList();
        var c = s.Counts;
        var status = new EvacuationStatus(EvacuationWords.Phase(s), EvacuationWords.Verdict(s, now))
        {
            Wave = s.Wave,
            Waves = Waves(s, guests),
            Counts = new(c.All, c.Waiting, c.UnderWay, c.Arrived, c.Failed, c.Stays),
            Budget = new EvacuationBudget(s.Spent, s.Spec.FailureBudget),
            PausedBy = s.PausedBy,
            WaitingOn = s.IsOver ? [] : [.. EvacuationStarts.Waiting(s, now).Take(WaitingShown).Select(w => new EvacuationWaiting(w.Vm.Value, w.Why))],
            Eta = EvacuationTime.Left(row, remaining, now),
            Guests = [.. guests.Select(guest => Guest(guest, remaining))],
            Stays = Stays(s, guests),
            Hosts = hosts,
            StartedAt = s.StartedAt,
            EndedAt = s.EndedAt,
            ClosedAt = row.IsClosed ? s.Since : null,
            Actions = Actions(s),
        };
        var metadata = new Metadata(s.Id.Value, row.Version.ToString(CultureInfo.InvariantCulture), 1, s.RequestedAt);
        return new EvacuationResource(EvacuationResource.KindName, metadata, s.Spec, status);
    }

    // Wave 0: under way before it began, or before it was planned anew.
    private static List<EvacuationWave> Waves(Evacuation s, List<EvacuatedGuest> guests) =>
    [
        .. from guest in guests
           where guest.Phase != GuestPhase.Stays
           group guest by guest.Wave into wave
           let kind = s.Plan.Waves.FirstOrDefault(planned => planned.Number == wave.Key)?.Kind ?? "earlier"
           select new EvacuationWave(
               wave.Key, kind, wave.Count(), wave.Count(g => g.Phase == GuestPhase.Waiting), wave.Count(g => g.IsUnderWay), wave.Count(g => g.Phase == GuestPhase.Arrived), wave.Count(g => g.Phase == GuestPhase.Failed)),
    ];

    private static EvacuationGuest Guest(EvacuatedGuest g, Func<MigrationId, ByteCount?> remaining) =>
        new(g.Vm.Value, g.Source.Value, (g.Host ?? g.Destination)?.Value ?? "", g.Wave, g.Phase.ToString(), g.Try)
        {
            Migration = g.Migration?.Value,
            Code = g.Code,
            Detail = g.Detail,
            Remaining = g is { Phase: GuestPhase.Moving, Migration: { } id } ? remaining(id) : null,
        };

    private static List<EvacuationStay> Stays(Evacuation s, List<EvacuatedGuest> guests) =>
    [
        .. guests.Where(g => s.Empties(g.Source) && (g.Phase is GuestPhase.Stays or GuestPhase.Failed || (s.IsOver && g.Phase != GuestPhase.Arrived)))
            .Select(g => new EvacuationStay(g.Vm.Value, g.Detail ?? "it was not started")),
    ];

    private static string[] Actions(Evacuation s)
    {
        string[] retry = s.Counts.Failed > 0 ? ["retryFailed"] : [];
        return s.Phase switch
        {
            EvacuationPhase.Pending or EvacuationPhase.Running => ["pause", "cancel", .. retry],
            EvacuationPhase.Paused => ["resume", "cancel", .. retry],
            EvacuationPhase.Aborting when !s.StopRunning => ["cancel"],
            _ => [],
        };
    }
}
