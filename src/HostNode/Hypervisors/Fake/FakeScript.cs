using System.Text.Json;

namespace HostNode.Hypervisors.Fake;

/// <summary>
/// How the guests of one host behave: <c>HOST/control.json</c>, read at each command, so that a test may change it under way.
/// A text in a <c>Fail…</c> field is the reason given.
/// </summary>
public sealed record FakeScript
{
    /// <summary>Pre-copy rounds until the forecast is within the limit; 0: never.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Length of a round.</summary>
    public int RoundMs { get; init; } = 20;

    public int StartMs { get; init; }

    public int PrepareMs { get; init; }

    /// <summary>Between the guest's pause and the last bytes.</summary>
    public int FinalMs { get; init; }

    /// <summary>At the destination: between the last bytes and their acknowledgement.</summary>
    public int LoadMs { get; init; }

    public string? FailPrecheck { get; init; }

    public string? FailStart { get; init; }

    public string? FailRun { get; init; }

    public string? FailPrepare { get; init; }

    /// <summary>The transfer breaks in this round; 0: never.</summary>
    public int FailAtRound { get; init; }

    /// <summary>The transfer breaks after the pause, before the last bytes.</summary>
    public string? FailFinal { get; init; }

    /// <summary>The destination takes the last bytes and cannot load them.</summary>
    public string? FailLoad { get; init; }

    /// <summary>The destination loads and its acknowledgement is lost.</summary>
    public bool LoseAcknowledgement { get; init; }

    /// <summary>Like an unguarded QEMU: when a transfer fails after the pause, the guest runs again by itself.</summary>
    public bool ResumesItself { get; init; }

    public string? FailVerify { get; init; }

    /// <summary>Defaults if there is no script.</summary>
    /// <exception cref="JsonException">Not a script: a test's mistake must not pass for a behaviour.</exception>
    public static FakeScript Read(string hostDirectory)
    {
        var path = Path.Combine(hostDirectory, "control.json");
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), FakeJson.Default.FakeScript) ?? new FakeScript() : new FakeScript();
    }

    /// <summary>Puts a script in place; atomic.</summary>
    public void Write(string hostDirectory)
    {
        Directory.CreateDirectory(hostDirectory);
        var temporary = Path.Combine(hostDirectory, "control.new");
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this, FakeJson.Default.FakeScript));
        File.Move(temporary, Path.Combine(hostDirectory, "control.json"), overwrite: true);
    }
}
