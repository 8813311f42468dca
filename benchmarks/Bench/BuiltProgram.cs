namespace Coordinator.Bench;

/// <summary>Programs of this source tree, built as they are shipped.</summary>
internal static class BuiltProgram
{
    public static string Lm => At("src/Cli", "lm.dll");

    public static string Coordinator => At("src/Coordinator/Server", "coordinator.dll");

    private static string At(string project, string file)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Coordinator.sln"))) root = Path.GetDirectoryName(root)!;
        return Path.Combine(root, project, "bin/Release/net10.0", file);
    }
}
