using System.Diagnostics;

namespace Cli.Demo;

/// <summary>A program of the cluster, its output going to a file of its own: it must not notice when lm goes away.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(string name, string log, Process process)
    {
        Name = name;
        Log = log;
        _process = process;
    }

    public string Name { get; }

    public string Log { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(string name, string log, IEnumerable<string> command, IEnumerable<(string Name, string Value)> environment)
    {
        // The shell only moves the output and then becomes the program: the process id is the program's.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(log);
        foreach (var word in command) start.ArgumentList.Add(word);
        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        return new ChildProcess(name, log, Process.Start(start)!);
    }

    /// <summary>kill -9, and see it dead.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>The end of what it said: the cause, when it did not come up.</summary>
    public string LastLine()
    {
        try
        {
            return File.ReadLines(Log).LastOrDefault(line => line.Trim().Length > 0) ?? "it said nothing";
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
