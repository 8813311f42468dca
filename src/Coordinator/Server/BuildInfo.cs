using System.Reflection;

namespace Coordinator.Server;

internal static class BuildInfo
{
    /// <summary>Version and source revision; goes into the envelope of every event.</summary>
    public static readonly string Version =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
