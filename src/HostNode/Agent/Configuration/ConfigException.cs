namespace HostNode.Agent.Configuration;

/// <summary>The configuration cannot be used. One line: key path, what is wrong, where the value came from.</summary>
public sealed class ConfigException(string message) : Exception(message);
