using Xunit;

namespace Lab.Servers;

/// <summary>Skipped with the reason where PostgreSQL is not installed. With CI=true nothing is skipped: it fails.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = PostgresServer.WhyMissing();
    }
}
