namespace Coordinator.Server.Configuration;

/// <summary>The program cannot start as configured. The message is one readable line: key path, value, what is allowed, where it came from.</summary>
public sealed class ConfigurationProblemException : Exception
{
    public ConfigurationProblemException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    public static ConfigurationProblemException NotSet(ConfigKey key) => new(
        $"{key.Path} is not set: it must be {key.Allowed} (environment {key.EnvironmentName}, command line --{key.Path[ConfigKeys.Prefix.Length..]})");
}
