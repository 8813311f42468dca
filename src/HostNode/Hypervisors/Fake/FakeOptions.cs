using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Fake;

/// <summary>Where the guests of the fake driver live.</summary>
/// <param name="Root">One directory for all hosts of a test: <c>HOST/VM.json</c> a guest, <c>HOST/control.json</c> the script, <c>ledger/VM.log</c> who ran when.</param>
public sealed record FakeOptions(HostId Host, string Root)
{
    /// <summary>Environment variable with <see cref="Root"/>.</summary>
    public const string RootVariable = "LM_FAKE_ROOT";

    public string HostDirectory => Path.Combine(Root, Host.Value);

    public static FakeOptions FromEnvironment(HostId host, string rootOtherwise) =>
        new(host, Environment.GetEnvironmentVariable(RootVariable) is { Length: > 0 } root ? root : rootOtherwise);
}
