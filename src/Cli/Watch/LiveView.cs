using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cli.Watch;

/// <summary>Keeps a screen of a terminal at what is true now, with the newest events.</summary>
internal static class LiveView
{
    private const int EventsShown = 6;

    /// <param name="draw">The screen: the resource, its newest events, and why the link is lost or null.</param>
    public static async Task<T?> ShowAsync<T>(
        IAsyncEnumerable<WatchItem<T>> items, Func<T, IReadOnlyCollection<EventResource>, string?, IRenderable> draw, Func<T, string> conclusion, CancellationToken cancellation) where T : class
    {
        T? last = null;
        var events = new Queue<EventResource>();
        string? broken = null;
        await AnsiConsole.Live(new Text("connecting…")).AutoClear(true).StartAsync(async live =>
        {
            await foreach (var item in items.WithCancellation(cancellation))
            {
                switch (item)
                {
                    case WatchItem<T>.Happened happened:
                        events.Enqueue(happened.Event);
                        if (events.Count > EventsShown) events.Dequeue();
                        break;
                    case WatchItem<T>.Now now: (last, broken) = (now.Resource, null); break;
                    case WatchItem<T>.End end: last = end.Resource; break;
                    case WatchItem<T>.Broken lost: broken = lost.Reason; break;
                }

                if (last is not null) live.UpdateTarget(draw(last, events, broken));
            }
        });
        if (last is not null) Console.Out.WriteLine(conclusion(last));
        return last;
    }

    /// <summary>The last rows of every screen.</summary>
    public static IEnumerable<(Text Name, Text Value)> Tail(string noun, IEnumerable<EventResource> events, string? broken)
    {
        if (broken is not null) yield return (new Text("link"), new Text($"lost ({broken}); the {noun} goes on, connecting again", new Style(Color.Yellow)));
        var grey = new Style(Color.Grey);
        foreach (var happened in events) yield return (new Text(Words.Time(happened.At), grey), new Text(happened.Type, grey));
    }
}
