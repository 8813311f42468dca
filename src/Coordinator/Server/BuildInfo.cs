using System.Reflection;
using Coordinator.Shared.Contracts;

namespace Coordinator.Server;

internal static class BuildInfo
{
    /// <summary>Lets a test have a process that says it is another release: <c>VERSION CONTRACTS</c>, e.g. <c>0.0.9 1.0</c>. Never set outside tests.</summary>
    public const string PretendVariable = "LM_PRETEND_RELEASE";

    private static readonly string[]? Pretended = Environment.GetEnvironmentVariable(PretendVariable)?.Split(' ');

    /// <summary>Version and source revision; goes into the envelope of every event.</summary>
    public static readonly string Version = Pretended?[0] ??
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>What it speaks with agents, other coordinators and the store.</summary>
    public static readonly ContractVersion Contracts = Pretended is [_, var contracts] ? ContractVersion.Of(contracts) : ContractVersion.Current;
}
