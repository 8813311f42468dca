using Cli.Api;
using Cli.Output;

namespace Cli.Watch;

/// <summary>One line per event, and one whenever the status says something else, for pipes and logs; words only, so that grep finds them.</summary>
internal static class PlainLines
{
    /// <param name="heading">Part of the status that a new line is worth.</param>
    /// <param name="status">The line.</param>
    public static async Task<T?> ShowAsync<T>(IAsyncEnumerable<WatchItem<T>> items, string noun, Func<T, object> heading, Func<T, string> status, Func<T, string> conclusion) where T : class
    {
        T? last = null;
        await foreach (var item in items)
        {
            switch (item)
            {
                case WatchItem<T>.Happened happened:
                    Console.Out.WriteLine($"{Words.Time(happened.Event.At)} {happened.Event.Type} {EventWords.Summary(happened.Event)}".TrimEnd());
                    break;
                case WatchItem<T>.Now now:
                    if (last is null || !heading(last).Equals(heading(now.Resource))) Console.Out.WriteLine("             " + status(now.Resource));
                    last = now.Resource;
                    break;
                case WatchItem<T>.Broken broken:
                    await Console.Error.WriteLineAsync($"connection lost ({broken.Reason}); the {noun} goes on, connecting again");
                    break;
                case WatchItem<T>.End end:
                    last = end.Resource;
                    Console.Out.WriteLine(conclusion(last));
                    break;
            }
        }

        return last;
    }
}
