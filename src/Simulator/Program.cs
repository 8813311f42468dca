using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Simulator;

// lm-simulator [--from N] [--seeds M] [--trace]
long Option(string name, long otherwise) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? long.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

var from = (ulong)Option("--from", 1);
var seeds = (ulong)Option("--seeds", 100);
var counts = new Counts();
long migrations = 0, steps = 0;
ulong hash = 0;
var failed = 0;
var watch = Stopwatch.StartNew();
for (var seed = from; seed < from + seeds; seed++)
{
    var result = new SimWorld(seed, new SimOptions()).Run();
    counts.Add(result.Counts);
    migrations += result.Migrations;
    steps += result.Steps;
    hash = (hash * 31) + result.TraceHash;
    if (result.Violations.Count == 0) continue;
    failed++;
    Console.Error.WriteLine($"seed {seed}: {string.Join(" | ", result.Violations.Take(3))}");
    if (args.Contains("--trace")) File.WriteAllLines($"trace-{seed}.txt", result.Trace);
}

Console.WriteLine(JsonSerializer.Serialize(new
{
    seeds,
    migrations,
    steps,
    violations = failed,
    traceHash = hash.ToString("x16", CultureInfo.InvariantCulture),
    migrationsPerMinute = (long)(migrations / watch.Elapsed.TotalMinutes),
    counts = counts.All,
}));
return failed == 0 ? 0 : 1;
