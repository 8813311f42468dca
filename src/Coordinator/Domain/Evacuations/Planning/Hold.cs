namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>What keeps a guest from starting now.</summary>
internal enum HoldKind
{
    None,
    Wave,
    GlobalCap,
    HostOutCap,
    HostInCap,
    LinkCap,
    GroupCap,
    Memory,
    Cpus,
    AntiAffinity,
    LinkFull,
}

/// <param name="Place">The link, with <see cref="HoldKind.LinkFull"/> and <see cref="HoldKind.LinkCap"/>.</param>
internal readonly record struct Hold(HoldKind Kind, int Place = -1)
{
    public static readonly Hold None;
}
