using Xunit;

namespace Lab.Servers;

/// <summary>Skipped with the reason where PostgreSQL or RabbitMQ is not installed. With CI=true nothing is skipped: it fails.</summary>
public sealed class RabbitMqFactAttribute : FactAttribute
{
    public RabbitMqFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = PostgresServer.WhyMissing() ?? RabbitMqServer.WhyMissing();
    }
}
