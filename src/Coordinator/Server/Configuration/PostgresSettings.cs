using Coordinator.Shared.Identity;

namespace Coordinator.Server.Configuration;

/// <summary>How to reach the shared store.</summary>
/// <param name="Connection">Without a password, if <paramref name="Password"/> is given.</param>
/// <param name="Password">From its file; never shown.</param>
public sealed record PostgresSettings(string Connection, string? Password)
{
    /// <exception cref="ConfigurationProblemException">Not set, unreadable, or a secret stands where every user of the machine can read it.</exception>
    public static PostgresSettings From(IReadOnlyDictionary<ConfigKey, Setting> found)
    {
        if (!found.TryGetValue(ConfigKeys.PostgresConnection, out var connection)) throw ConfigurationProblemException.NotSet(ConfigKeys.PostgresConnection);
        if (connection.Origin.StartsWith("command line", StringComparison.Ordinal) && connection.Value.Contains("password", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigurationProblemException(
                $"{ConfigKeys.PostgresConnection.Path} holds a password, and every user can read command lines (from {connection.Origin}): set {ConfigKeys.PostgresPasswordFile.Path} instead");
        }

        return new PostgresSettings(connection.Value, found.TryGetValue(ConfigKeys.PostgresPasswordFile, out var file) ? PasswordFile.Read(ConfigKeys.PostgresPasswordFile, file) : null);
    }

    /// <summary>Shards of a new database.</summary>
    public static int ShardsOf(IReadOnlyDictionary<ConfigKey, Setting> found) =>
        found.TryGetValue(ConfigKeys.Shards, out var shards) ? int.Parse(shards.Value, System.Globalization.CultureInfo.InvariantCulture) : Shards.CountDefault;
}
