using System.Diagnostics;
using System.Text.Json;

namespace Server.Tests.Deploy;

/// <summary>Files under deploy/ and the programs that know their syntax.</summary>
internal static class Tool
{
    public static string PathOf(params string[] parts) => Path.Combine([Repository.Root, "deploy", .. parts]);

    /// <summary>A YAML file as JSON: YAML by somebody else's reader (Debian: python3-yaml), merge keys resolved.</summary>
    public static JsonDocument Yaml(string file)
    {
        var (code, output, errors) = Run("python3", "-c", "import sys, json, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)", file);
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output);
    }

    public static bool Exists(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    public static (int Code, string Output, string Errors) Run(string program, params string[] arguments) => Run(program, [], arguments);

    public static (int Code, string Output, string Errors) Run(string program, IReadOnlyList<(string Name, string Value)> environment, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
