using Cli.Demo;
using Cluster.Tests.Given;
using Lab.Servers;

namespace Cluster.Tests;

/// <summary>The demo of several coordinators as a visitor runs it.</summary>
public sealed class ClusterDemoTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("lm-demo-test-");

    public void Dispose() => _directory.Delete(recursive: true);

    [PostgresFact, Trait("Category", "Long")]
    public void It_kills_a_coordinator_and_an_agent_and_passes()
    {
        var log = Path.Combine(_directory.FullName, "log");
        using var demo = ChildProcess.Start("demo", log, [BuiltPrograms.Dotnet, BuiltPrograms.Lm, "demo", "--cluster"], []);
        while (!demo.HasExited) Thread.Sleep(20);

        Assert.True(demo.ExitCode == 0, File.ReadAllText(log));
        Assert.StartsWith("demo: PASSED, all ", demo.LastLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_no_real_guests()
    {
        var log = Path.Combine(_directory.FullName, "log");
        using var demo = ChildProcess.Start("demo", log, [BuiltPrograms.Dotnet, BuiltPrograms.Lm, "demo", "--cluster", "--qemu"], []);
        while (!demo.HasExited) Thread.Sleep(20);

        Assert.Equal((2, "lm: --cluster moves synthetic guests: leave out --qemu"), (demo.ExitCode, demo.LastLine()));
    }
}
