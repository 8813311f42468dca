namespace Server.Tests;

/// <summary>Where the source tree is, from the test's own output folder.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>A program of the same configuration as this test.</summary>
    public static string Program(string project, string file)
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        return Path.Combine(Root, project, "bin", Path.GetFileName(Path.GetDirectoryName(here)!), Path.GetFileName(here), file);
    }

    private static string Find()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Coordinator.sln"))) return directory;
        }

        throw new InvalidOperationException("not inside the source tree");
    }
}
