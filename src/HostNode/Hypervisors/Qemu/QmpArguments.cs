using System.Text.Json.Nodes;

namespace HostNode.Hypervisors.Qemu;

/// <summary>Arguments of QMP commands that are used more than once.</summary>
internal static class QmpArguments
{
    public static JsonObject Capabilities(params (string Name, bool On)[] capabilities)
    {
        var list = new JsonArray();
        foreach (var (name, on) in capabilities) list.Add((JsonNode)new JsonObject { ["capability"] = name, ["state"] = on });
        return new JsonObject { ["capabilities"] = list };
    }

    public static JsonObject YankMigration() => new() { ["instances"] = new JsonArray(new JsonObject { ["type"] = "migration" }) };

    /// <summary>
    /// QEMU slows the guest by itself when auto-converge is on and it sees too little progress; with start, step and cap at one value it takes just that.
    /// The pace holds transfer and dirtying level, which QEMU takes for too little: so the cap is always ours.
    /// </summary>
    public static void SetThrottle(JsonObject parameters, int percent)
    {
        var bounded = Math.Clamp(percent, 1, 99);
        parameters["cpu-throttle-initial"] = bounded;
        parameters["cpu-throttle-increment"] = bounded;
        parameters["max-cpu-throttle"] = bounded;
    }

    /// <summary>The announcement that QEMU makes by itself; all four are required.</summary>
    public static JsonObject Announce() => new() { ["initial"] = 50, ["max"] = 550, ["rounds"] = 5, ["step"] = 100 };
}
