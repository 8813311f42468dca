using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Engine.Tests.Given;

/// <summary>The one migration that the killed agent and the test both know. Slow, so that it is killed in the middle.</summary>
public static class Plans
{
    public static readonly VmId Vm = VmId.Parse("web-1");

    public static readonly MigrationId Migration = MigrationId.Create(7, DateTimeOffset.UnixEpoch.AddDays(20_000), 9);

    public static readonly GuestSpec Spec = TwoHosts.Guest(64, 48, 4);

    public static MigrateOut Out(int port) => new(
        Vm, 1, Migration, new Epoch(2), HostId.Parse("beta"), new TransferEndpoint("127.0.0.1", port, null), Spec,
        new MigrationPolicy { MaxBandwidth = ByteRate.FromMebi(64) }, Force: false);
}
