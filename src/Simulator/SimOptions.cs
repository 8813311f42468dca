namespace Simulator;

/// <summary>How hard a run is. Chances are per mille.</summary>
public sealed record SimOptions
{
    public int Hosts { get; init; } = 4;

    public int Vms { get; init; } = 5;

    public int Shards { get; init; } = 4;

    /// <summary>Migrations asked for in one run.</summary>
    public int Migrations { get; init; } = 16;

    /// <summary>Faults and requests stop then; afterwards everything must settle.</summary>
    public TimeSpan FaultsUntil { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Horizon { get; init; } = TimeSpan.FromMinutes(10);

    public int Drop { get; init; } = 40;

    public int Duplicate { get; init; } = 40;

    public int Delay { get; init; } = 60;

    public int CrashAgent { get; init; } = 8;

    public int CrashCoordinator { get; init; } = 3;

    public int StoreFaults { get; init; } = 3;

    /// <summary>Per host and run: loses its memory and comes back.</summary>
    public int Reboot { get; init; } = 80;

    /// <summary>Per host and run: is off for good and written off by a person.</summary>
    public int Destroyed { get; init; } = 30;

    /// <summary>Chance that a link between two hosts is cut for a while, per run and pair.</summary>
    public int Cut { get; init; } = 200;

    /// <summary>Chance of a second coordinator that takes everything over while the first one still runs.</summary>
    public int Zombie { get; init; } = 300;
}
