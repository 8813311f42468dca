using Cli;

// The two answers that must be quick need nothing of the rest: no parser, no console library, no HTTP.
if (args is ["--version"] or ["version"])
{
    Console.Out.WriteLine(BuildVersion.Text);
    return ExitCodes.Done;
}

return await CommandLine.RunAsync(args);
