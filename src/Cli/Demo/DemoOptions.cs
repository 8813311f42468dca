namespace Cli.Demo;

/// <param name="Cluster">Several coordinators on a PostgreSQL of their own.</param>
/// <param name="Keep">Stay up afterwards.</param>
/// <param name="Qemu">Real QEMU guests instead of synthetic ones.</param>
internal sealed record DemoOptions(bool Keep, bool Qemu, bool Cluster);
