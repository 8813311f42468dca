using System.Runtime.CompilerServices;

namespace Domain.Tests;

/// <summary>Compares text with a committed file; LM_REWRITE=1 writes it instead.</summary>
internal static class Expectation
{
    public static void Check(string name, string actual, [CallerFilePath] string caller = "")
    {
        var path = Path.Combine(Root(caller), name);
        if (Environment.GetEnvironmentVariable("LM_REWRITE") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string Root(string caller)
    {
        var folder = Path.GetDirectoryName(caller)!;
        while (!File.Exists(Path.Combine(folder, "Domain.Tests.csproj"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
