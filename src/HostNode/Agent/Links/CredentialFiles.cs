using HostNode.Agent.Loop;

namespace HostNode.Agent.Links;

/// <summary>
/// The credentials as their files are now: certificates are short-lived and replaced while the agent runs. Files that cannot be used
/// (half written) leave the ones before in use. Safe from any thread.
/// </summary>
public sealed class CredentialFiles(string certificate, string key, string caBundle, AgentLog log)
{
    private readonly Lock _lock = new();
    private Credentials? _current;
    private (DateTime, DateTime, DateTime) _stamp;

    /// <summary>For new connections; what is open stays as it is.</summary>
    /// <exception cref="FormatException">The first read found something else than credentials.</exception>
    /// <exception cref="IOException">The first read failed.</exception>
    public Credentials Current()
    {
        lock (_lock)
        {
            var stamp = (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key), File.GetLastWriteTimeUtc(caBundle));
            if (_current is not null && stamp == _stamp) return _current;
            try
            {
                _current = Credentials.Read(certificate, key, caBundle);
                _stamp = stamp;
            }
            catch (Exception e) when (_current is not null && e is FormatException or IOException or UnauthorizedAccessException)
            {
                log.Warn("certificates.unreadable", "keeping the certificates read before: " + e.Message);
            }

            return _current!;
        }
    }
}
