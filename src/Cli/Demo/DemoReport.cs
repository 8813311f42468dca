using System.Diagnostics;
using System.Globalization;

namespace Cli.Demo;

/// <summary>What the demo says, with the time since its start, and what it has checked.</summary>
internal sealed class DemoReport
{
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly List<(string Claim, bool Holds, string Found)> _checks = [];

    public bool Passed => _checks.Count > 0 && _checks.TrueForAll(check => check.Holds);

    public TimeSpan Elapsed => _since.Elapsed;

    public void Say(string text) => Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_since.Elapsed.TotalSeconds,6:0.0} s  {text}"));

    /// <summary>Notes a claim; the demo passes only if all of them hold.</summary>
    public void Check(string claim, bool holds, string found) => _checks.Add((claim, holds, found));

    /// <summary>Every check with what was found, then the verdict line.</summary>
    public void Conclude()
    {
        Console.Out.WriteLine("\nChecks");
        foreach (var (claim, holds, found) in _checks) Console.Out.WriteLine($"  {(holds ? "held  " : "FAILED")}  {claim}: {found}");
        var failed = _checks.Count(check => !check.Holds);
        Console.Out.WriteLine(Passed
            ? string.Create(CultureInfo.InvariantCulture, $"\ndemo: PASSED, all {_checks.Count} checks held, {_since.Elapsed.TotalSeconds:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"\ndemo: FAILED, {failed} of {_checks.Count} checks did not hold, {_since.Elapsed.TotalSeconds:0.0} s"));
    }
}
