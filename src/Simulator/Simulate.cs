using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Simulator;

/// <summary>The command: runs seeds, says what happened, shrinks what failed. Exit code 0, 1 on a violation, 2 on a wrong option.</summary>
public static class Simulate
{
    private const string Usage = """
        lm-simulator [--seed S | --from N --seeds M | --from N --minutes T] [--keep F1,F2…] [--trace] [--no-shrink] [-o json]
          --seed S       one seed, and what it met
          --from N       first seed (1)
          --seeds M      how many (100)
          --minutes T    as many as fit
          --keep F,…     only these faults, named as a failure prints them; empty for none
          --history DIR  with --seed: its migrations' streams of events, one file each, as lm replay takes them
          --trace        write the timeline of each failing seed (with --seed: of that seed) to trace-SEED.txt
          --no-shrink    do not reduce a failing seed to few faults
          -o json        end with one JSON object
        """;

    private static readonly string[] Rules = ["S1", "S2", "S3", "S4", "S5", "L1", "residue", "conformance"];

    public static int Run(string[] args)
    {
        try
        {
            return Run(SimulateOptions.Parse(args));
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"lm-simulator: {e.Message}\n{Usage}");
            return 2;
        }
    }

    private static int Run(SimulateOptions wanted)
    {
        Counts seen = new(), faults = new(), broken = new();
        List<TimeSpan> settled = [];
        long migrations = 0, steps = 0;
        ulong hash = 0, done = 0;
        var failed = 0;
        var clock = Stopwatch.StartNew();
        for (var seed = wanted.From; wanted.Minutes is { } minutes ? clock.Elapsed.TotalMinutes < minutes : done < wanted.Seeds; seed++)
        {
            var world = new SimWorld(seed, SimOptions.Default with { Keep = wanted.Keep, Trace = wanted.Trace && wanted.IsOne });
            var result = world.Run();
            if (wanted.History is { } folder) History.Write(world.Store, folder);
            settled.Add(result.SettledAfter);
            seen.Add(result.Seen);
            faults.Add(result.Faults);
            migrations += result.Migrations;
            steps += result.Steps;
            hash = (hash * 31) + result.TraceHash;
            done++;
            if (wanted.Trace && wanted.IsOne) Write(result);
            if (result.Violations.Count == 0) continue;
            failed++;
            foreach (var violation in result.Violations) broken.Add(RuleOf(violation));
            Tell(result, wanted);
        }

        settled.Sort();
        var summary = new
        {
            seeds = done,
            migrations,
            steps,
            faults = faults.All,
            seen = seen.All,
            violations = failed,
            broken = broken.All,
            settledAfterSeconds = new { p50 = At(0.5), p99 = At(0.99), max = At(1) },
            traceHash = hash.ToString("x16", CultureInfo.InvariantCulture),
            seconds = Math.Round(clock.Elapsed.TotalSeconds, 1),
            migrationsPerMinute = (long)(migrations / clock.Elapsed.TotalMinutes),
            // Of processor time: what it would be on a core of its own, whatever else the machine does.
            migrationsPerCpuMinute = (long)(migrations / Environment.CpuUsage.TotalTime.TotalMinutes),
            commit = Commit,
        };
        if (wanted.Json) Console.WriteLine(JsonSerializer.Serialize(summary));
        else Console.WriteLine($"{done} seeds, {migrations} migrations, {faults.Total} faults, {failed} seeds with a violation, hash {summary.traceHash}, {summary.migrationsPerMinute} migrations a minute");
        return failed == 0 ? 0 : 1;

        double At(double part) => settled.Count == 0 ? 0 : Math.Round(settled[(int)Math.Ceiling(part * settled.Count) - 1].TotalSeconds, 3);
    }

    // "31.641 s: S1: vm-4 runs 2 times" broke S1; what has no name of its own is about the log or a ledger.
    private static string RuleOf(string violation) => violation.Split(": ") is [_, var rule, _, ..] && Rules.Contains(rule) ? rule : "log or ledger";

    private static void Tell(SimResult result, SimulateOptions wanted)
    {
        Console.Error.WriteLine($"seed {result.Seed}, commit {Commit}: {result.Violations[0]}");
        var kept = result.Happened.Select(f => f.Name).ToList();
        if (wanted.Shrinks) kept = Shrink.Of(result.Seed, SimOptions.Default, kept, result.Violations[0]);
        var few = new SimWorld(result.Seed, SimOptions.Default with { Keep = kept.ToHashSet(), Trace = wanted.Trace }).Run();
        Console.Error.WriteLine($"  {kept.Count} of {result.Happened.Count} faults are enough: {string.Join("; ", few.Happened.Select(f => $"{f.Name} ({f.Kind})"))}");
        foreach (var violation in few.Violations.Take(3)) Console.Error.WriteLine($"  {violation}");
        Console.Error.WriteLine($"  again: lm simulate --seed {result.Seed} --keep {string.Join(',', kept)} --trace");
        if (wanted.Trace) Write(few);
    }

    private static void Write(SimResult result) => File.WriteAllLines($"trace-{result.Seed}.txt", result.Trace);

    private static string Commit => typeof(Simulate).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
