namespace Coordinator.Server.Configuration;

/// <summary>A value and the words for where it came from.</summary>
/// <param name="Key">As written by the user, with colons.</param>
/// <param name="Origin">E.g. <c>environment Coordinator__Http__Port</c>.</param>
public sealed record Setting(string Key, string Value, string Origin);
