using System.Text.Json;
using Cli.Watch;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Spectre.Console;

namespace Cluster.Tests;

/// <summary>The live view of an evacuation on terminals of several sizes.</summary>
public sealed class EvacuationScreenTests
{
    [Theory]
    [InlineData(80, 24)]
    [InlineData(110, 16)]
    [InlineData(200, 60)]
    public void It_fits_the_terminal_and_says_what_moves_what_waits_why_and_what_is_not_shown(int width, int height)
    {
        var lines = Render(Busy(40), width, height);

        Assert.True(lines.Length < height, string.Join('\n', lines));
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Contains(lines, line => line.Contains("> wave 2", StringComparison.Ordinal) && line.Contains("7 of 30 arrived, 4 moving, 18 waiting, 1 failed", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("1 of 2 failed guests spent", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("5 min 12 s to 6 min 45 s", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("waiting on", StringComparison.Ordinal) && line.Contains("4 leave host-1 at once (and", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("host-1: not safe to power off", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains('%'));
    }

    [Theory]
    [InlineData(3, 1, 0, 2, "###>..       3 of 6 arrived, 1 moving, 2 waiting, 0 failed")]
    [InlineData(900, 1, 1, 98, "##########>x. 900 of 1000 arrived, 1 moving, 98 waiting, 1 failed")]
    public void A_lane_has_one_mark_a_guest_where_they_fit_and_loses_nobody_where_they_do_not(int arrived, int moving, int failed, int waiting, string lane) =>
        Assert.Equal(lane, EvacuationScreen.Lane(new EvacuationWave(2, "main", arrived + moving + failed + waiting, waiting, moving, arrived, failed)));

    private static string[] Render(EvacuationResource evacuation, int width, int height)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        (console.Profile.Width, console.Profile.Height) = (width, height);
        var events = Enumerable.Range(1, 6).Select(n => new EventResource(
            $"e@{n}", "e", n, DateTimeOffset.UnixEpoch, "GuestArrived", "shard", "bus", null, new EventCause("GuestSeen", ""), 1, JsonDocument.Parse("{}").RootElement)).ToList();
        console.Write(EvacuationScreen.Draw(evacuation, events, "connection refused", width, height));
        return text.ToString().TrimEnd('\n').Split('\n');
    }

    private static EvacuationResource Busy(int guests) => new(
        EvacuationResource.KindName, new Metadata("e-0d1-1a1fe63e0b40007", "9", 1, DateTimeOffset.UnixEpoch), new EvacuationSpec([HostId.Parse("host-1")]),
        new EvacuationStatus("Running", "wave 2 of 3: 4 guests move, 26 wait")
        {
            Wave = 2,
            Waves = [new(1, "canary", 2, 0, 0, 2, 0), new(2, "main", 30, 18, 4, 7, 1), new(3, "main", 8, 8, 0, 0, 0)],
            Counts = new(guests, 26, 4, 9, 1, 0),
            Budget = new(1, 2),
            Eta = new(312, 405),
            WaitingOn = [.. Enumerable.Range(1, 26).Select(n => new EvacuationWaiting($"vm-{n}", "4 leave host-1 at once"))],
            Guests = [.. Enumerable.Range(1, guests).Select(n => new EvacuationGuest($"vm-{n}", "host-1", "host-2", 2, n <= 4 ? "Moving" : n == 5 ? "Failed" : "Waiting", 1)
            {
                Remaining = n <= 4 ? ByteCount.FromMebi(n) : null, Code = n == 5 ? "notConverging" : null, Detail = n == 5 ? new string('x', 300) : null,
            })],
            Hosts = [new("host-1", false, "m-046-1a1fe641b380003 of vm-10 is not closed yet")],
        });
}
