using Coordinator.Shared.Contracts.Api;

namespace Cli.Api;

/// <summary>One item of a migration's watch. Closed family.</summary>
internal abstract record WatchItem
{
    private WatchItem()
    {
    }

    /// <summary>A committed event.</summary>
    public sealed record Happened(EventResource Event) : WatchItem;

    /// <summary>The migration as it is now.</summary>
    public sealed record Now(MigrationResource Migration) : WatchItem;

    /// <summary>It is closed: nothing more can come.</summary>
    public sealed record End(MigrationResource Migration) : WatchItem;

    /// <summary>The connection broke; it is being made again.</summary>
    public sealed record Broken(string Reason) : WatchItem;
}
