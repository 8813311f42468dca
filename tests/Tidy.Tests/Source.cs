using System.Runtime.CompilerServices;

namespace Tidy.Tests;

/// <summary>The source tree this test was built from.</summary>
internal static class Source
{
    private static readonly string Root = Find();

    public static string Path(string folder) => System.IO.Path.Combine(Root, folder);

    public static string Relative(string path) => System.IO.Path.GetRelativePath(Root, path);

    public static IEnumerable<(string Name, string Text)> Files(string folder, string pattern = "*.cs") =>
        Directory.GetFiles(Path(folder), pattern, SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(f => (Relative(f), File.ReadAllText(f)));

    private static string Find([CallerFilePath] string caller = "")
    {
        var folder = System.IO.Path.GetDirectoryName(caller)!;
        while (!File.Exists(System.IO.Path.Combine(folder, "Coordinator.sln"))) folder = System.IO.Path.GetDirectoryName(folder)!;
        return folder;
    }
}
