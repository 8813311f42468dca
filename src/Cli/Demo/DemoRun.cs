namespace Cli.Demo;

/// <summary>The demo from start to verdict.</summary>
internal static class DemoRun
{
    public static Task<int> RunAsync(DemoOptions options, CancellationToken cancellation) =>
        throw new CliException(ExitCodes.Failed, "not built yet");
}
