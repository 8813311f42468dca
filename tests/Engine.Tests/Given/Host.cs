using Coordinator.Shared.Identity;
using HostNode.Engine.Guests;
using HostNode.Hypervisors.Native;

namespace Engine.Tests.Given;

/// <summary>One host: a native driver with its own run directory and real guest-holder processes.</summary>
public sealed class Host : IAsyncDisposable
{
    private readonly LoopbackPeers _peers;
    private readonly string _tracking;
    private readonly int _linkAttempts;

    public Host(string name, LoopbackPeers peers, string tracking, string root, int linkAttempts)
    {
        Id = HostId.Parse(name);
        Directory = Path.Combine(root, name);
        (_peers, _tracking, _linkAttempts) = (peers, tracking, linkAttempts);
        Driver = NewDriver();
    }

    public HostId Id { get; }

    public string Directory { get; }

    public NativeHypervisor Driver { get; private set; }

    public RecordingSink Events { get; private set; } = new();

    /// <summary>guest-holder.dll as built beside this test.</summary>
    public static string HolderPath { get; } = FindHolder();

    /// <summary>The agent dies and another one starts: nothing of the driver's memory is left.</summary>
    public async Task RestartAgent()
    {
        await Driver.DisposeAsync();
        Events = new RecordingSink();
        Driver = NewDriver();
    }

    public GuestLink Link(VmId vm) => GuestLink.Connect(Path.Combine(Directory, vm.Value + ".sock"));

    public HolderStatus Status(VmId vm)
    {
        using var link = Link(vm);
        return link.Status();
    }

    public bool HasResidue => System.IO.Directory.Exists(Directory) && System.IO.Directory.EnumerateFileSystemEntries(Directory).Any();

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in Driver.Discover()) Driver.Execute(new HostNode.Hypervisors.DestroyGuest(guest.Vm));
        await Driver.DisposeAsync();
    }

    private NativeHypervisor NewDriver()
    {
        var options = new NativeOptions { RunDirectory = Directory, HolderPath = HolderPath, Host = Id, Tracking = _tracking, LinkAttempts = _linkAttempts };
        var driver = new NativeHypervisor(options, Events, _peers, TimeProvider.System);
        _peers.Add(Id, driver);
        return driver;
    }

    private static string FindHolder()
    {
        // tests/Engine.Tests/bin/<configuration>/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var path = Path.Combine(root, "src", "HostNode", "GuestHolder", "bin", output.Parent.Name, output.Name, "guest-holder.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException(path);
    }
}
