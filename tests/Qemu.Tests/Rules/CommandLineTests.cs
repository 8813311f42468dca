using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Rules;

public sealed class CommandLineTests
{
    private static readonly VmId Vm = VmId.Parse("db-1");
    private static readonly GuestSpec Spec = new("qemu", new ByteCount(131_080L * 1024), 2) { Qemu = new QemuMachine("/k", "/i", "quiet", ["-cpu", "max"], Tap: "tap-{host}", Mac: "52:54:00:00:00:01") };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_guest_ever_starts_its_vCPUs_by_itself(bool incoming) => Assert.Contains("-S", Build(incoming: incoming));

    [Fact]
    public void A_destination_waits_to_be_told_where_to_listen_and_has_its_memory_at_once()
    {
        var arguments = Build(incoming: true);
        Assert.Equal("defer", arguments[arguments.IndexOf("-incoming") + 1]);
        Assert.Contains("-mem-prealloc", arguments);
        Assert.DoesNotContain("-incoming", Build(incoming: false));
    }

    [Fact]
    public void Each_guest_has_two_monitors_because_each_serves_one_client()
    {
        var arguments = Build();
        Assert.Equal(
            ["unix:/run/lm/db-1/agent.qmp,server=on,wait=off", "unix:/run/lm/db-1/rescue.qmp,server=on,wait=off"],
            arguments.Where((_, i) => i > 0 && arguments[i - 1] == "-qmp"));
    }

    [Fact]
    public void Both_hosts_build_the_same_machine()
    {
        var here = Build(host: "host-a");
        var there = Build(host: "host-b");
        Assert.Equal(here.Select(a => a.Replace("host-a", "host-b", StringComparison.Ordinal)), there);
        Assert.Contains("tap,id=net0,ifname=tap-host-a,script=no,downscript=no", here);
        Assert.Equal(QemuCommandLine.UuidOf(Vm), QemuCommandLine.UuidOf(VmId.Parse("db-1")));
        Assert.NotEqual(QemuCommandLine.UuidOf(Vm), QemuCommandLine.UuidOf(VmId.Parse("db-2")));
    }

    [Fact]
    public void Memory_is_given_in_KiB_so_that_odd_sizes_stay_exact() => Assert.Equal("131080K", Build()[Build().IndexOf("-m") + 1]);

    [Fact]
    public void A_comma_in_a_path_does_not_end_the_option() =>
        Assert.Contains("unix:/run/a,,b/db-1/agent.qmp,server=on,wait=off", Build(run: "/run/a,b"));

    [Theory]
    [InlineData("10.0.0.1", "tcp:10.0.0.1:0")]
    [InlineData("fd00::1", "tcp:[fd00::1]:0")]
    public void An_address_becomes_a_uri(string address, string uri) => Assert.Equal(uri, QmpArguments.Uri(address, 0));

    private static List<string> Build(bool incoming = false, string host = "host-a", string run = "/run/lm")
    {
        var options = new QemuOptions { RunDirectory = run, HostId = HostId.Parse(host), AddressToListen = "127.0.0.1" };
        return [.. QemuCommandLine.Build(new GuestFiles(run, Vm), Spec, options, incoming)];
    }
}
