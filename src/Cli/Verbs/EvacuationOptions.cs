using System.CommandLine;
using System.Globalization;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Cli.Verbs;

/// <summary>Limits of an evacuation; what is not given takes the server's default.</summary>
internal sealed class EvacuationOptions
{
    private readonly Option<int> _canary = new("--canary") { Description = "So many guests go first, alone; 0 = none.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _soak = new("--soak") { Description = "Seconds of pause after the canary and between waves." };
    private readonly Option<int?> _waveSize = new("--wave-size") { Description = "Guests of a wave after the canary; all in one without it." };
    private readonly Option<int> _budget = new("--failure-budget") { Description = "So many guests may fail for good; one more, and it pauses." };
    private readonly Option<double?> _rate = new("--failure-rate") { Description = "It also pauses when more than this part (0 to 1) of the settled guests failed." };
    private readonly Option<int> _retries = new("--retries") { Description = "New tries of a guest whose migration failed by something that passes.", DefaultValueFactory = _ => 2 };
    private readonly Option<int> _inFlight = new("--max-in-flight") { Description = "Migrations at once.", DefaultValueFactory = _ => PlanCaps.Default.Global };
    private readonly Option<int> _perHost = new("--per-host") { Description = "Of these, leaving one host, and arriving at one.", DefaultValueFactory = _ => PlanCaps.Default.HostOut };
    private readonly Option<string> _fixed = new("--on-non-migratable") { Description = "Guests that cannot be moved: block (refused) or skip (they stay).", DefaultValueFactory = _ => "block" };
    private readonly Option<string?> _window = new("--window") { Description = "Maintenance window FROM/TO, e.g. 2026-01-31T22:00Z/2026-02-01T04:00Z; either side may be left out." };
    private readonly Option<int?> _deadline = new("--deadline") { Description = "Seconds after which it pauses if it is not done." };
    private readonly Option<string?> _reason = Common.Reason();
    private readonly PolicyOptions _policy = new();

    // The policy's own deadline is each migration's.
    public IEnumerable<Symbol> All => [_canary, _soak, _waveSize, _budget, _rate, _retries, _inFlight, _perHost, _fixed, _window, _deadline, _reason, .. _policy.All];

    /// <exception cref="CliException">A name or a time that is none.</exception>
    public CreateEvacuation Read(ParseResult parsed, string[] hosts)
    {
        var (from, to) = Window(parsed.GetValue(_window));
        var perHost = parsed.GetValue(_perHost);
        return new CreateEvacuation(
            [.. hosts.Select(Host)], PlanCaps.Default with { Global = parsed.GetValue(_inFlight), HostOut = perHost, HostIn = perHost }, parsed.GetValue(_canary), parsed.GetValue(_soak), parsed.GetValue(_waveSize),
            parsed.GetRequiredValue(_fixed), parsed.GetValue(_budget), parsed.GetValue(_rate), parsed.GetValue(_retries), parsed.GetValue(_deadline), from, to, _policy.Read(parsed), parsed.GetValue(_reason));
    }

    private static HostId Host(string name) => HostId.TryParse(name, out var host) ? host : throw new CliException(ExitCodes.Usage, Names.Refusal("host", name));

    private static (DateTimeOffset? From, DateTimeOffset? To) Window(string? text)
    {
        if (text is null) return (null, null);
        return text.Split('/') is [var from, var to] ? (Time(from), Time(to)) : throw new CliException(ExitCodes.Usage, $"--window '{text}' is no window", "write it as FROM/TO, e.g. 2026-01-31T22:00Z/2026-02-01T04:00Z");
    }

    private static DateTimeOffset? Time(string text)
    {
        if (text.Length == 0) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? at : throw new CliException(ExitCodes.Usage, $"--window: '{text}' is no time", "write it as 2026-01-31T22:00Z, or without Z in this machine's time zone");
    }
}
