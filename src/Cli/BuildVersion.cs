using System.Reflection;

namespace Cli;

internal static class BuildVersion
{
    /// <summary>Version and source revision, e.g. <c>0.1.0+1a83e25…</c>.</summary>
    public static string Text =>
        typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
