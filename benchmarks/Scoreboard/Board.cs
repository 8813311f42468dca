using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Scoreboard;

/// <summary>docs/reference/scoreboard.md: a template whose every figure comes from results that programs have written.</summary>
/// <param name="root">Of the repository.</param>
public sealed partial class Board(string root)
{
    private readonly string results = Path.Combine(root, "benchmarks", "results", "proof");

    public string PagePath => Path.Combine(root, "docs", "reference", "scoreboard.md");

    /// <summary>Keeps what a folder brings: <c>simulate.json</c> (the closing object of lm simulate), <c>spec.txt</c> (what spec/run.sh says) and test results (<c>*.trx</c>).</summary>
    public void Take(string folder)
    {
        Directory.CreateDirectory(results);
        foreach (var name in new[] { "simulate.json", "spec.txt" })
        {
            if (File.Exists(Path.Combine(folder, name))) File.Copy(Path.Combine(folder, name), Path.Combine(results, name), overwrite: true);
        }

        var runs = Directory.GetFiles(folder, "*.trx");
        if (runs.Length > 0) File.WriteAllText(Path.Combine(results, "tests.json"), TestResults.Of(runs).ToString() + "\n");
    }

    /// <summary>The page as today's results have it.</summary>
    public string Page()
    {
        var values = Values();
        var template = File.ReadAllText(Path.Combine(root, "docs", "reference", "scoreboard.template.md"));
        return Placeholder().Replace(template, found => values.TryGetValue(found.Groups[1].Value, out var value) ? value : throw new InvalidDataException($"the template asks for {found.Value}, which no result has"));
    }

    private Dictionary<string, string> Values()
    {
        var simulate = Json("simulate.json");
        var tests = Json("tests.json");
        var spec = File.ReadAllLines(Path.Combine(results, "spec.txt")).Select(line => SpecLine().Match(line)).Where(m => m.Success).ToList();
        Dictionary<string, string> values = new()
        {
            ["spec.holds"] = Count(spec.Count(m => m.Groups[1].Value == "holds")),
            ["spec.caught"] = Count(spec.Count(m => m.Groups[1].Value == "caught")),
            ["spec.bad"] = Count(spec.Count(m => m.Groups[1].Value is "FAILS" or "MISSED" or "ERROR")),
            ["spec.states"] = Count((long)spec.Where(m => m.Groups[1].Value == "holds").Sum(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture))),
            ["faults"] = Table(simulate["faults"]!.AsObject()),
            ["seen"] = Table(simulate["seen"]!.AsObject(), what => !what.Contains(": ", StringComparison.Ordinal)),
            ["faults.total"] = Count(simulate["faults"]!.AsObject().Sum(f => (long)f.Value!)),
            ["faults.kinds"] = Count(simulate["faults"]!.AsObject().Count),
            ["tests"] = string.Join('\n', tests["classes"]!.AsObject().Select(c => $"| {c.Key} | {c.Value!["passed"]} | {c.Value["failed"]} |")),
            ["corruption"] = string.Join('\n', tests["corruption"]!.AsArray().Select(line => $"- {line}")),
        };
        foreach (var name in new[] { "seeds", "migrations", "steps", "violations", "migrationsPerMinute", "migrationsPerCpuMinute" }) values[name] = Count((long)simulate[name]!);
        foreach (var name in new[] { "traceHash", "commit" }) values[name] = (string)simulate[name]!;
        foreach (var part in new[] { "p50", "p99", "max" }) values["settled." + part] = simulate["settledAfterSeconds"]![part]!.ToString();
        foreach (var rule in new[] { "S1", "S2", "S3", "S4", "S5", "L1", "residue", "conformance", "log or ledger" }) values["broken." + rule] = Count((long?)simulate["broken"]![rule] ?? 0);
        foreach (var what in new[] { "MigrationCompleted", "MigrationAborted", "MigrationLost", "MigrationHeld", "HeldResolved", "step judged by the model's rules" }) values["seen." + what] = Count((long?)simulate["seen"]![what] ?? 0);
        foreach (var (name, value) in tests["witness"]!.AsObject()) values["witness." + name] = Count((long)value!);
        values["minutes"] = Math.Round((double)simulate["seconds"]! / 60, 1).ToString(CultureInfo.InvariantCulture);
        return values;
    }

    private JsonObject Json(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(results, name)))!.AsObject();

    private static string Table(JsonObject counts, Func<string, bool>? which = null) =>
        string.Join('\n', counts.Where(c => which?.Invoke(c.Key) ?? true).Select(c => $"| {c.Key} | {Count((long)c.Value!)} |"));

    private static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{\{(.+?)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^(holds|caught|FAILS|MISSED|ERROR)\s+\S+\s+states=([0-9.e+]+)")]
    private static partial Regex SpecLine();
}
