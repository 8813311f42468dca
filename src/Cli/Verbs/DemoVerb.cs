using System.CommandLine;

namespace Cli.Verbs;

/// <summary><c>lm demo</c></summary>
internal static class DemoVerb
{
    public static Command Build()
    {
        var keep = new Option<bool>("--keep") { Description = "Stay up afterwards, for playing; Ctrl-C ends it." };
        var qemu = new Option<bool>("--qemu") { Description = "Use real QEMU guests (needs qemu-system-x86_64)." };
        var command = new Command("demo", "Start a whole cluster on this machine, move guests under load, kill things, and judge the result.") { keep, qemu };
        command.SetAction((parsed, cancellation) => Demo.DemoRun.RunAsync(new Demo.DemoOptions(parsed.GetValue(keep), parsed.GetValue(qemu)), cancellation));
        return command;
    }
}
