namespace Coordinator.Bench;

/// <summary>What a closed loop got done.</summary>
public sealed record Throughput(double Seconds, double CpuSeconds, long Events, long Migrations, long Commits, double AppendingSeconds)
{
    public double EventsPerSecond => Events / Seconds;

    public double MigrationsPerSecond => Migrations / Seconds;

    public double MigrationsPerCpuSecond => Migrations / CpuSeconds;

    public double EventsPerMigration => (double)Events / Migrations;

    public double EventsPerCommit => (double)Events / Commits;

    public override string ToString() => FormattableString.Invariant(
        $"{EventsPerSecond:0} events/s, {MigrationsPerSecond:0} migrations/s, {EventsPerMigration:0.0} events a migration, {EventsPerCommit:0} a commit, {CpuSeconds / Seconds:0.00} cores, {AppendingSeconds / Seconds:P0} of the time in appends");
}
