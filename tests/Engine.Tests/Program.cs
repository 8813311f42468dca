using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Engine.Tests.Given;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Native;

namespace Engine.Tests;

/// <summary>
/// The tests' own executable: <c>drive ROOT PORT</c> is an agent that can be killed (see AgentKilledTests);
/// <c>measure …</c> prints the engine's figures.
/// </summary>
public static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["drive", var root, var port]:
                Drive(root, int.Parse(port, CultureInfo.InvariantCulture));
                return 0;
            case ["measure", .. var rest]:
                return Measure.Run(rest);
            default:
                Console.Error.WriteLine("usage: drive ROOT PORT | measure [--help]");
                return 64;
        }
    }

    // Starts the guest and its way out, then lives until killed.
    private static void Drive(string root, int port)
    {
        var sink = new RecordingSink();
        var (vm, migration, plan, spec) = (Plans.Vm, Plans.Migration, Plans.Out(port), Plans.Spec);
        var options = new NativeOptions { RunDirectory = Path.Combine(root, "alpha"), HolderPath = Host.HolderPath, Host = HostId.Parse("alpha") };
        var driver = new NativeHypervisor(options, sink, new TcpPeers(), TimeProvider.System);
        driver.Execute(new StartGuest(vm, spec, new Epoch(1)));
        sink.Next<GuestRunning>();
        using (var link = HostNode.Engine.Guests.GuestLink.Connect(Path.Combine(options.RunDirectory, vm.Value + ".sock")))
        {
            while (link.Status().PagesWritten < spec.Load!.WorkingSet.Value / 4096) Thread.Sleep(5);
        }

        driver.Execute(new StartOutgoing(vm, plan, Resume: false, Link: 1));
        Console.WriteLine($"{migration} is on its way");
        Thread.Sleep(Timeout.Infinite);
    }
}
