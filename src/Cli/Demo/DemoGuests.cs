using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Cli.Demo;

/// <summary>Six guests that write all the time, two a host.</summary>
internal static class DemoGuests
{
    public static readonly (string Vm, string Host)[] All =
        [("vm-1", "host-a"), ("vm-2", "host-a"), ("vm-3", "host-b"), ("vm-4", "host-b"), ("vm-5", "host-c"), ("vm-6", "host-c")];

    public static readonly string[] Hosts = ["host-a", "host-b", "host-c"];

    /// <summary>One a host, for the cluster of several coordinators.</summary>
    public static readonly (string Vm, string Host)[] OneEach =
        [("vm-1", "host-a"), ("vm-2", "host-b"), ("vm-3", "host-c"), ("vm-4", "host-d"), ("vm-5", "host-e"), ("vm-6", "host-f")];

    /// <summary>Slow enough a link that pre-copy lasts seconds: there must be time to kill something in it.</summary>
    public static readonly MigrationPolicy Policy = new(MaxBlackoutMs: 300, MaxBandwidth: ByteRate.FromMebi(32), DeadlineSeconds: 120);

    /// <summary>Slower still, and patient: several coordinators, their database and six hosts share this machine, and each hand-over waits for all of them.</summary>
    public static readonly MigrationPolicy SlowPolicy = Policy with { MaxBandwidth = ByteRate.FromMebi(4), MaxBlackoutMs = 800 };

    public static GuestSpec Larger => new("native", ByteCount.FromMebi(64), 1) { Load = new SyntheticLoad(ByteCount.FromMebi(24), ByteRate.FromMebi(2)) };

    public static GuestSpec Synthetic => new("native", ByteCount.FromMebi(64), 1) { Load = new SyntheticLoad(ByteCount.FromMebi(8), ByteRate.FromMebi(6)) };
}
