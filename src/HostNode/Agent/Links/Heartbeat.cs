using System.Globalization;
using Coordinator.Shared.Contracts;

namespace HostNode.Agent.Links;

/// <summary>One a second, with how busy the host is.</summary>
internal sealed class Heartbeat(TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private long? _last;

    public AgentHeartbeat? Due()
    {
        if (_last is { } last && clock.GetElapsedTime(last) < Every) return null;
        _last = clock.GetTimestamp();
        return new AgentHeartbeat(Load());
    }

    // Runnable tasks over the last minute for each CPU; 1 is full.
    private static double Load()
    {
        try
        {
            var average = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
            return Math.Round(average / Environment.ProcessorCount, 3);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
    }
}
