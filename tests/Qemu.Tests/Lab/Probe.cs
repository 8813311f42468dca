using System.Diagnostics;
using System.Text.Json;
using Qemu.Tests.Support;

namespace Qemu.Tests.Lab;

/// <summary>The client outside (tests/lab/probe.py): one TCP connection to the guest's counter, and its UDP beacon.</summary>
internal sealed class Probe(NetworkLab lab, string clientNamespace, string guestAddress, string directory)
{
    /// <summary>Where the guest sends its beacon.</summary>
    public const string Beacon = "10.88.0.254:7101";

    private readonly string _record = Path.Combine(directory, "probe.json");
    private readonly Process _process = lab.Start(
        clientNamespace, Path.Combine(directory, "probe.log"), new Dictionary<string, string>(),
        "python3", Path.Combine(LabImage.Repository, "tests", "lab", "probe.py"), guestAddress, "7000", "7101", Path.Combine(directory, "probe.json"));

    /// <summary>Ends the client and reads what it saw.</summary>
    public async Task<ProbeRecord> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        return JsonSerializer.Deserialize<ProbeRecord>(await File.ReadAllTextAsync(_record), Options) ?? throw new InvalidOperationException("the probe wrote nothing");
    }

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);
}

/// <param name="Tcp">Lines over the one connection.</param>
/// <param name="Udp">The beacon: here a second running copy, or one that went back in time, shows.</param>
internal sealed record ProbeRecord(ProbeTrack Tcp, ProbeTrack Udp);

/// <param name="Lines">Seen.</param>
/// <param name="Jumps">Times the counter did not grow by exactly one.</param>
/// <param name="Dup">Counters seen twice.</param>
/// <param name="Gaps">The longest silences.</param>
/// <param name="Connects">Connections made.</param>
/// <param name="Breaks">Connections lost after they stood.</param>
internal sealed record ProbeTrack(
    int Lines, int Jumps, IReadOnlyList<JsonElement> Dup, IReadOnlyList<ProbeGap> Gaps, IReadOnlyList<JsonElement>? Connects, IReadOnlyList<JsonElement>? Breaks);

/// <param name="At">Unix seconds of the last line before.</param>
/// <param name="S">Seconds until the next.</param>
internal sealed record ProbeGap(double At, double S);
