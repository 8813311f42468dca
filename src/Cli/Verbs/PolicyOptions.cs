using System.CommandLine;
using Cli.Output;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Cli.Verbs;

/// <summary>Requirements of a migration; what is not given takes the server's default.</summary>
internal sealed class PolicyOptions
{
    private readonly Option<int> _blackout = new("--max-blackout-ms") { Description = "Longest expected blackout.", DefaultValueFactory = _ => MigrationPolicy.Default.MaxBlackoutMs };
    private readonly Option<int> _deadline = new("--deadline-seconds") { Description = "Give up after this long.", DefaultValueFactory = _ => MigrationPolicy.Default.DeadlineSeconds };
    private readonly Option<int> _throttle = new("--max-throttle-percent") { Description = "How far the guest may be slowed.", DefaultValueFactory = _ => MigrationPolicy.Default.MaxThrottlePercent };
    private readonly Option<int> _streams = new("--streams") { Description = "Parallel memory streams.", DefaultValueFactory = _ => MigrationPolicy.Default.Streams };
    private readonly Option<string?> _bandwidth = new("--max-bandwidth") { Description = "Limit of all streams together, e.g. 100Mi/s." };
    private readonly Option<string> _verify = new("--verify") { Description = "digest or full.", DefaultValueFactory = _ => MigrationPolicy.Default.Verify };
    private readonly Option<string> _stuck = new("--on-non-converging") { Description = "rollBack or force.", DefaultValueFactory = _ => MigrationPolicy.Default.OnNonConverging };

    public IEnumerable<Option> All => [_blackout, _deadline, _throttle, _streams, _bandwidth, _verify, _stuck];

    public MigrationPolicy Read(ParseResult parsed) => new(
        parsed.GetValue(_blackout), parsed.GetValue(_deadline), parsed.GetValue(_throttle), parsed.GetValue(_streams),
        parsed.GetValue(_bandwidth) is { } limit ? new ByteRate(Sizes.Parse(limit, "--max-bandwidth").Value) : null,
        parsed.GetRequiredValue(_verify), parsed.GetRequiredValue(_stuck));
}
