using System.Diagnostics;
using System.Globalization;
using Contract.Tests.Stores;
using Coordinator.Application.Store;

namespace Contract.Tests.Sqlite;

/// <summary>A real process that commits and acknowledges is killed with SIGKILL, several times over the same file.</summary>
public sealed class SqliteKillTests
{
    private const int AcknowledgedPerLife = 300;

    [Fact]
    public async Task Given_a_process_killed_while_committing_When_the_file_is_opened_Then_every_acknowledged_batch_is_there_whole()
    {
        using var file = new SqliteFile();
        for (var life = 1; life <= 4; life++)
        {
            var acknowledged = await LiveAndDie(file.Options.Path);
            Inspect(file, acknowledged, life);
        }
    }

    /// <returns>The highest version acknowledged.</returns>
    private static async Task<int> LiveAndDie(string path)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, "append", path]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var last = 0;
        try
        {
            for (var i = 0; i < AcknowledgedPerLife; i++) last = Version(await process.StandardOutput.ReadLineAsync(deadline.Token));
        }
        finally
        {
            process.Kill();
        }

        // Acknowledged before it died, read after.
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line) last = Math.Max(last, Version(line));
        await process.WaitForExitAsync(deadline.Token);
        return last;
    }

    private static int Version(string? line) => int.Parse(line ?? throw new EndOfStreamException("the process ended by itself"), CultureInfo.InvariantCulture);

    private static void Inspect(SqliteFile file, int acknowledged, int life)
    {
        var store = file.Open();
        var a = store.ReadStream("vm-a", 0).ToList();
        var b = store.ReadStream("vm-b", 0).ToList();
        var lease = store.TakeOver([1], "inspector")[0];
        Assert.InRange(a.Count, acknowledged, acknowledged + 1);
        Assert.Equal(a.Count, b.Count);
        Assert.Equal(Enumerable.Range(1, a.Count), a.Select(e => e.Version));
        Assert.Equal(a.Count, store.Load("vm-a")!.Version);
        Assert.Equal(a.Count, lease.Seq);
        Assert.Equal(life * 2, lease.Term.Value);
        file.CloseAll();
    }
}
