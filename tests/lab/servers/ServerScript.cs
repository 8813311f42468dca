using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Lab.Servers;

/// <summary>Runs a script that lies beside this file.</summary>
internal sealed class ServerScript(string name)
{
    /// <summary>Null if the servers of this script are installed here, else what to do about it.</summary>
    public string? WhyMissing() => Try([], "find") is (not 0, var output) ? output.Trim() : null;

    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public string Run(IReadOnlyList<(string Name, string Value)> environment, params string[] arguments)
    {
        var (code, output) = Try(environment, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} ended with {code}: {output}");
    }

    // Its output goes to a file, not a pipe: the server inherits it and would keep a pipe open for ever.
    private (int Code, string Output) Try(IReadOnlyList<(string Name, string Value)> environment, params string[] arguments)
    {
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/bash", ["-c", "exec bash \"$0\" \"$@\" >\"$LM_LOG\" 2>&1 </dev/null", Beside(name), .. arguments]);
            start.Environment["LM_LOG"] = log;
            foreach (var (variable, value) in environment) start.Environment[variable] = value;
            using var script = Process.Start(start)!;
            script.WaitForExit();
            return (script.ExitCode, File.ReadAllText(log));
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
