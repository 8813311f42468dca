namespace Coordinator.Server.Configuration;

/// <summary>One setting: the only place that knows its name, default and rule.</summary>
/// <param name="Path">With colons, e.g. <c>Coordinator:Http:Port</c>.</param>
/// <param name="Default">Null means: not set.</param>
/// <param name="Allowed">For people: what a value may be.</param>
/// <param name="IsAllowed">The same, for the program.</param>
public sealed record ConfigKey(string Path, string? Default, string Allowed, Func<string, bool> IsAllowed)
{
    /// <summary>Name in the environment.</summary>
    public string EnvironmentName => Path.Replace(":", "__", StringComparison.Ordinal);
}
