using System.Globalization;
using System.Text.Json.Nodes;

namespace HostNode.Hypervisors.Qemu;

/// <summary>Arguments of QMP commands that are used more than once.</summary>
internal static class QmpArguments
{
    /// <summary>The same on both sides, but for the throttle, which is the source's.</summary>
    public static JsonObject Capabilities(bool throttled)
    {
        var list = new JsonArray();
        foreach (var name in (string[])["events", "return-path", "pause-before-switchover", "dirty-bitmaps"]) Add(name, true);
        Add("auto-converge", throttled);
        return new JsonObject { ["capabilities"] = list };
        void Add(string name, bool on) => list.Add((JsonNode)new JsonObject { ["capability"] = name, ["state"] = on });
    }

    public static JsonObject YankMigration() => new() { ["instances"] = new JsonArray(new JsonObject { ["type"] = "migration" }) };

    /// <summary>
    /// QEMU slows the guest by itself when auto-converge is on and it sees too little progress; with start, step and cap at one value it
    /// takes just that. The pace holds transfer and dirtying level, which QEMU takes for too little: so the cap is always ours.
    /// </summary>
    public static void SetThrottle(JsonObject parameters, int percent)
    {
        var bounded = Math.Clamp(percent, 1, 99);
        parameters["cpu-throttle-initial"] = bounded;
        parameters["cpu-throttle-increment"] = bounded;
        parameters["max-cpu-throttle"] = bounded;
    }

    /// <summary>A TCP address for <c>migrate</c> and <c>migrate-incoming</c>; with port 0 QEMU takes a free one and names it.</summary>
    public static string Uri(string address, int port)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        return string.Create(CultureInfo.InvariantCulture, $"tcp:{host}:{port}");
    }

    /// <summary>The announcement that QEMU makes by itself; all four are required.</summary>
    public static JsonObject Announce() => new() { ["initial"] = 50, ["max"] = 550, ["rounds"] = 5, ["step"] = 100 };
}
