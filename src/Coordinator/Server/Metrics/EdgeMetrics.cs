using System.Diagnostics.Metrics;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hub;

namespace Coordinator.Server.Metrics;

/// <summary>What the HTTP edge and the hub measure.</summary>
public sealed class EdgeMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _requests;

    public EdgeMetrics(CoordinatorOptions options, AgentHub hub, IMeterFactory meters)
    {
        _meter = meters.Create("lm.edge");
        ProcessMetrics.Register(_meter, options.Node);
        _requests = _meter.CreateHistogram<double>("lm_http_request_duration_seconds", "s", "API requests by route, method and status; watches are not in it.");
        _meter.CreateObservableGauge("lm_agents_connected", () => hub.Count, description: "Agents whose link to this node stands.");
        _meter.CreateObservableCounter("lm_agent_unread_messages_total", () => hub.Unread, description: "Messages of agents that only a newer coordinator knows; passed over.");
        _meter.CreateObservableGauge("lm_agent_heartbeat_age_seconds", () => hub.LongestSilence.TotalSeconds, "s", "Silence of the longest silent agent connected here.");
    }

    /// <param name="route">The template, never the path: a path is one series per migration.</param>
    public void Request(string route, string method, int status, TimeSpan took) =>
        _requests.Record(took.TotalSeconds, new("route", route), new("method", method), new("code", status));

    public void Dispose() => _meter.Dispose();
}
