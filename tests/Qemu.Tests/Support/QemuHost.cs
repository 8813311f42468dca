using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Support;

/// <summary>One "host": a driver on its own run directory, on loopback. What it started is killed at the end.</summary>
internal sealed partial class QemuHost : IAsyncDisposable
{
    public static readonly VmId Vm = VmId.Parse("guest");

    private readonly QemuOptions _options;

    public QemuHost(string name, Func<QemuOptions, QemuOptions>? change = null)
    {
        var run = Path.Combine(Path.GetTempPath(), "qt-" + Path.GetRandomFileName()[..8]);
        var options = new QemuOptions { RunDirectory = run, HostId = HostId.Parse(name), AddressToListen = "127.0.0.1" };
        _options = change?.Invoke(options) ?? options;
        Driver = new QemuHypervisor(_options, Sink);
    }

    public QemuHypervisor Driver { get; private set; }

    public RecordingSink Sink { get; private set; } = new();

    public string RunDirectory => _options.RunDirectory;

    public string GuestDirectory => Path.Combine(RunDirectory, Vm.Value);

    public int GuestPid => int.Parse(File.ReadAllText(Path.Combine(GuestDirectory, "qemu.pid")), CultureInfo.InvariantCulture);

    public string RescueMonitor => Path.Combine(GuestDirectory, "rescue.qmp");

    /// <summary>A Linux guest that writes and checks its memory.</summary>
    /// <param name="workingSet">MiB that are written again and again.</param>
    /// <param name="rate">MiB per second.</param>
    public static GuestSpec Writing(int workingSet = 16, int rate = 4) =>
        new("qemu", new ByteCount(131_080L * 1024), 1)
        {
            Qemu = new QemuMachine(LabImage.Kernel, LabImage.Initrd, string.Create(
                CultureInfo.InvariantCulture, $"console=ttyS0 panic=-1 quiet lab.ws={workingSet} lab.rate={rate} lab.sweep=1 lab.disk=0")),
        };

    public static MigrationId NewMigration(int number) => MigrationId.Create(1, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), number);

    public static MigrateOut Plan(MigrationId migration, int port, MigrationPolicy? policy = null, long number = 1, bool force = false) => new(
        Vm, number, migration, new Epoch(2), HostId.Parse("destination"), new TransferEndpoint("127.0.0.1", 1, port), Writing(), policy ?? MigrationPolicy.Default, force);

    public async Task<GuestRunning> StartAsync(GuestSpec spec)
    {
        Driver.Execute(new StartGuest(Vm, spec, new Epoch(1)));
        var running = await Sink.WaitForAsync<GuestRunning>();
        await MemoryCheckAsync();
        return running;
    }

    /// <summary>Prepares to receive and gives the port.</summary>
    public async Task<int> PrepareAsync(MigrationId migration, GuestSpec spec)
    {
        Driver.Execute(new PrepareIncoming(Vm, migration, new Epoch(2), HostId.Parse("source"), spec, MigrationPolicy.Default));
        return (await Sink.WaitForAsync<IncomingReady>(e => e.Migration == migration)).HypervisorPort!.Value;
    }

    /// <summary>Waits for further whole-memory checks on the guest's console and fails unless all say that it is sound.</summary>
    public async Task MemoryCheckAsync(int more = 1, int seconds = 90)
    {
        var clock = Stopwatch.StartNew();
        var seen = Checks().Count();
        while (Checks().Count() < seen + more)
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"no memory check in {seconds} s; console: {Tail(Console())}");
            await Task.Delay(50);
        }

        Assert.DoesNotContain("CORRUPT", Console(), StringComparison.Ordinal);
        IEnumerable<Match> Checks() => CheckLine().Matches(Console());
    }

    /// <summary>The agent dies and another one comes: a new driver on the same run directory.</summary>
    public async Task<IReadOnlyList<DiscoveredGuest>> RestartAgentAsync()
    {
        await Driver.DisposeAsync();
        Sink = new RecordingSink();
        Driver = new QemuHypervisor(_options, Sink);
        return Driver.Discover();
    }

    public string Console()
    {
        try
        {
            return File.ReadAllText(Path.Combine(GuestDirectory, "console.log"));
        }
        catch (IOException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(GuestDirectory))
        {
            Driver.Execute(new DestroyGuest(Vm));
            await Sink.WaitForAsync<GuestDead>(from: 0);
        }

        await Driver.DisposeAsync();
        if (Directory.Exists(RunDirectory)) Directory.Delete(RunDirectory, recursive: true);
    }

    private static string Tail(string text) => text.Length <= 600 ? text : text[^600..];

    [GeneratedRegex("LAB CHECK")]
    private static partial Regex CheckLine();
}
