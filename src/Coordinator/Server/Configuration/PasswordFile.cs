namespace Coordinator.Server.Configuration;

/// <summary>A secret that stands where only its owner can read it.</summary>
internal static class PasswordFile
{
    /// <returns>Its first line.</returns>
    /// <exception cref="ConfigurationProblemException">It cannot be read, or is empty.</exception>
    public static string Read(ConfigKey key, Setting file)
    {
        try
        {
            return File.ReadLines(file.Value).FirstOrDefault() is { Length: > 0 } password
                ? password
                : throw new ConfigurationProblemException($"{key.Path} = '{file.Value}': its first line is empty (from {file.Origin})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationProblemException($"{key.Path} = '{file.Value}': {e.Message} (from {file.Origin})", e);
        }
    }
}
