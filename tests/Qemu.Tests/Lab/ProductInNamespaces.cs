using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Qemu.Tests.Support;

namespace Qemu.Tests.Lab;

/// <summary>
/// The whole product as an operator has it: a coordinator, an agent in each host's namespace, everything asked for over <c>lm</c>, and one real guest
/// that answers on the network.
/// </summary>
internal sealed class ProductInNamespaces : IAsyncDisposable
{
    private const string GuestAddress = "10.88.0.1";

    private ProductInNamespaces(NetworkLab lab, string directory) => (Lab, Directory) = (lab, directory);

    public NetworkLab Lab { get; }

    public string Directory { get; }

    public static async Task<ProductInNamespaces> StartAsync(int megabits)
    {
        var lab = await NetworkLab.UpAsync(2, megabits);
        var product = new ProductInNamespaces(lab, System.IO.Directory.CreateTempSubdirectory("ql").FullName);
        try
        {
            await product.MakeCertificatesAsync();
            product.StartCoordinator();
            foreach (var host in "AB")
            {
                await lab.AddTapAsync(host, "guest0");
                await product.StartAgentAsync(host);
            }

            await product.UntilAsync("both hosts to be ready", async () =>
                (await product.LmAsync("hosts", "get", "-o", "jsonl")).Split('\n').Count(line => line.Contains("\"phase\":\"Ready\"", StringComparison.Ordinal)) == 2);
            return product;
        }
        catch
        {
            await product.DisposeAsync();
            throw;
        }
    }

    public static string NameOf(char host) => "host-" + char.ToLowerInvariant(host);

    /// <summary>A Linux guest that writes and checks its memory and counts on the network; waits until it has checked itself once.</summary>
    public async Task StartGuestAsync(int workingSet, int rate)
    {
        var spec = new GuestSpec("qemu", new ByteCount(131_080L * 1024), 1)
        {
            Qemu = new QemuMachine(
                LabImage.Kernel, LabImage.Initrd,
                $"console=ttyS0 panic=-1 quiet lab.ip={GuestAddress}/24 lab.beacon={Probe.Beacon} lab.id=guest lab.ws={workingSet} lab.rate={rate} lab.ms=5 lab.sweep=1 lab.disk=0",
                Tap: "guest0", Mac: "52:54:00:77:00:01"),
        };
        var file = Path.Combine(Directory, "guest.json");
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(spec, WireJson.Default.GuestSpec));
        await LmAsync("vms", "register", "guest", "--host", NameOf('A'), "--spec", file);
        await MemoryChecksAsync('A', 1);
    }

    public Probe StartProbe() => Lab.StartProbe(GuestAddress, Directory);

    /// <summary>Moves the guest and follows it to its end.</summary>
    /// <returns>The migration as it was closed.</returns>
    public async Task<JsonElement> MigrateAsync(char to)
    {
        var name = (await LmAsync("migrate", "guest", "--to", NameOf(to), "-o", "name")).Trim();
        name = name[(name.LastIndexOf('/') + 1)..];
        JsonElement last = default;
        await UntilAsync($"{name} to be closed", async () =>
        {
            last = JsonDocument.Parse(await LmAsync("migrations", "get", name, "-o", "json")).RootElement;
            return last.GetProperty("status").GetProperty("phase").GetString() == "Closed";
        });
        return last;
    }

    /// <summary>Further whole-memory checks of the guest on its console at this host, all sound.</summary>
    public async Task MemoryChecksAsync(char host, int more)
    {
        var console = Path.Combine(Directory, NameOf(host), "qemu", "guest", "console.log");
        var before = Count();
        await UntilAsync($"memory checks at {host}", () => Task.FromResult(Count() >= before + more));
        Assert.DoesNotContain("CORRUPT", await File.ReadAllTextAsync(console), StringComparison.Ordinal);
        int Count() => File.Exists(console) ? File.ReadAllText(console).Split("LAB CHECK OK").Length - 1 : 0;
    }

    /// <summary>Directories of guests that are on this host.</summary>
    public IReadOnlyList<string> GuestsAt(char host)
    {
        var run = Path.Combine(Directory, NameOf(host), "qemu");
        return System.IO.Directory.Exists(run) ? System.IO.Directory.GetDirectories(run) : [];
    }

    public async ValueTask DisposeAsync()
    {
        await Lab.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private async Task<string> LmAsync(params string[] arguments)
    {
        var (code, output) = await Lab.RunAsync(Lab.Control, ["dotnet", Program("src/Cli", "lm.dll"), .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException($"lm {string.Join(' ', arguments)}: exit code {code}: {output}");
    }

    private async Task MakeCertificatesAsync()
    {
        await LmAsync("certs", "init", "--dir", Directory);
        await LmAsync("certs", "issue", "coordinator", "node-1", "--dir", Directory, "--address", NetworkLab.ControlAddress);
        foreach (var host in "AB") await LmAsync("certs", "issue", "host", NameOf(host), "--dir", Directory, "--address", NetworkLab.MigrationAddress(host));
    }

    private void StartCoordinator() => Lab.Start(Lab.Control, In("coordinator.log"), new Dictionary<string, string>
    {
        ["Coordinator__Sqlite__Path"] = In("coordinator.db"),
        ["Coordinator__Hub__Address"] = NetworkLab.ControlAddress,
        ["Coordinator__Tls__Certificate"] = In("coordinator-node-1.pem"),
        ["Coordinator__Tls__Key"] = In("coordinator-node-1.key"),
        ["Coordinator__Tls__CaBundle"] = In("ca.pem"),
    }, "dotnet", Program("src/Coordinator/Server", "coordinator.dll"));

    private async Task StartAgentAsync(char host)
    {
        var name = NameOf(host);
        var config = new JsonObject
        {
            ["Dir"] = In(name), ["Host"] = name, ["Coordinators"] = new JsonArray($"wss://{NetworkLab.ControlAddress}:7401"), ["Address"] = NetworkLab.MigrationAddress(host),
            ["Certificates"] = new JsonObject { ["Certificate"] = In($"host-{name}.pem"), ["Key"] = In($"host-{name}.key"), ["CaBundle"] = In("ca.pem") },
            ["Memory"] = 2L << 30, ["Cpus"] = 4, ["Drivers"] = new JsonArray("qemu"),
        };
        await File.WriteAllTextAsync(In(name + ".json"), config.ToJsonString());
        var agent = Program("src/HostNode/Agent", "host-agent.dll");
        var (code, output) = await Lab.RunAsync(Lab.Namespace(host), "dotnet", agent, "init", "--dir", In(name), "--host", name);
        Assert.True(code == 0, output);
        Lab.Start(Lab.Namespace(host), In(name + ".log"), new Dictionary<string, string>(), "dotnet", agent, "run", "--config", In(name + ".json"));
    }

    private async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var clock = Stopwatch.StartNew();
        var last = "";
        while (clock.Elapsed < TimeSpan.FromSeconds(120))
        {
            try
            {
                if (await holds()) return;
            }
            catch (InvalidOperationException e)
            {
                last = e.Message;
            }

            await Task.Delay(200);
        }

        Assert.Fail($"waited in vain for {what}: {last}\n{Logs()}");
    }

    private string Logs() => string.Join('\n', System.IO.Directory.GetFiles(Directory, "*.log").Select(f => $"== {Path.GetFileName(f)}\n{string.Join('\n', File.ReadLines(f).TakeLast(15))}"));

    private string In(string name) => Path.Combine(Directory, name);

    private static string Program(string project, string file) =>
        Path.Combine(AppContext.BaseDirectory.Replace("/tests/Qemu.Tests/", $"/{project}/", StringComparison.Ordinal), file);
}
