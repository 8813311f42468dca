using Coordinator.Shared.Contracts.Api;

namespace Cli.Api;

/// <summary>One item of a watch. Closed family.</summary>
internal abstract record WatchItem<T>
{
    private WatchItem()
    {
    }

    /// <summary>A committed event.</summary>
    public sealed record Happened(EventResource Event) : WatchItem<T>;

    /// <summary>The resource as it is now.</summary>
    public sealed record Now(T Resource) : WatchItem<T>;

    /// <summary>It is closed: nothing more can come.</summary>
    public sealed record End(T Resource) : WatchItem<T>;

    /// <summary>The connection broke; it is being made again.</summary>
    public sealed record Broken(string Reason) : WatchItem<T>;
}
