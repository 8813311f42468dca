using System.CommandLine;

namespace Cli.Verbs;

/// <summary><c>lm demo</c></summary>
internal static class DemoVerb
{
    public static Command Build()
    {
        var keep = new Option<bool>("--keep") { Description = "Stay up afterwards, for playing; Ctrl-C ends it." };
        var cluster = new Option<bool>("--cluster") { Description = "Three coordinators on a private PostgreSQL (Debian: postgresql) and six hosts; synthetic guests." };
        var qemu = new Option<bool>("--qemu") { Description = "Use real QEMU guests (needs qemu-system-x86_64)." };
        var command = new Command("demo", "Start a whole cluster on this machine, move guests under load, kill things, and judge the result.") { cluster, keep, qemu };
        command.SetAction((parsed, cancellation) =>
        {
            var options = new Demo.DemoOptions(parsed.GetValue(keep), parsed.GetValue(qemu), parsed.GetValue(cluster));
            return options.Cluster ? Demo.ClusterDemo.RunAsync(options, cancellation) : Demo.DemoRun.RunAsync(options, cancellation);
        });
        return command;
    }
}
