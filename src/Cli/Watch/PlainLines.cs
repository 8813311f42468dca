using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>One line per event, for pipes and logs; words only, so that grep finds them.</summary>
internal static class PlainLines
{
    public static async Task<MigrationResource?> ShowAsync(IAsyncEnumerable<WatchItem> items)
    {
        MigrationResource? last = null;
        await foreach (var item in items)
        {
            switch (item)
            {
                case WatchItem.Happened happened:
                    Console.Out.WriteLine($"{Words.Time(happened.Event.At)} {happened.Event.Type} {EventWords.Summary(happened.Event)}".TrimEnd());
                    break;
                case WatchItem.Now now:
                    if (last?.Status.Phase != now.Migration.Status.Phase) Console.Out.WriteLine(Status(now.Migration));
                    last = now.Migration;
                    break;
                case WatchItem.Broken broken:
                    await Console.Error.WriteLineAsync($"connection lost ({broken.Reason}); the migration goes on, connecting again");
                    break;
                case WatchItem.End end:
                    last = end.Migration;
                    Console.Out.WriteLine(WatchRun.Conclusion(last));
                    break;
            }
        }

        return last;
    }

    private static string Status(MigrationResource m)
    {
        var t = m.Status.Transfer;
        var figures = t is null ? "" : $" round={m.Status.Round} remaining=\"{t.Remaining}\" sending=\"{t.Bandwidth}\" dirtying=\"{t.DirtyRate}\"";
        return $"             phase={m.Status.Phase}{figures} verdict=\"{m.Status.Verdict}\"";
    }
}
