namespace Cluster.Tests.Given;

/// <summary>The programs under test, each in its own project's output folder, built with the configuration of this test.</summary>
internal static class BuiltPrograms
{
    public static string Dotnet { get; } = Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    public static string Coordinator { get; } = Of("src/Coordinator/Server", "coordinator.dll");

    public static string Agent { get; } = Of("src/HostNode/Agent", "host-agent.dll");

    public static string GuestHolder { get; } = Of("src/HostNode/GuestHolder", "guest-holder.dll");

    public static string Lm { get; } = Of("src/Cli", "lm.dll");

    private static string Of(string project, string file) =>
        Path.Combine(AppContext.BaseDirectory.Replace("/tests/Cluster.Tests/", $"/{project}/", StringComparison.Ordinal), file);
}
