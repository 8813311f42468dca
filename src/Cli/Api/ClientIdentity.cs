using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Security;

namespace Cli.Api;

/// <summary>An operator's certificate and the roots it trusts; for servers that are not on this machine.</summary>
internal sealed record ClientIdentity(X509Certificate2 Certificate, CaBundle Roots)
{
    /// <summary>Null when none of the three is given.</summary>
    public static ClientIdentity? Of(ParseResult parsed)
    {
        var certificate = parsed.GetValue(GlobalOptions.Certificate) ?? Environment.GetEnvironmentVariable("LM_CERTIFICATE");
        var key = parsed.GetValue(GlobalOptions.Key) ?? Environment.GetEnvironmentVariable("LM_KEY");
        var ca = parsed.GetValue(GlobalOptions.Ca) ?? Environment.GetEnvironmentVariable("LM_CA");
        if (certificate is null && key is null && ca is null) return null;
        if (certificate is null || key is null || ca is null)
        {
            throw new CliException(ExitCodes.Usage, "--certificate, --key and --ca belong together", "make them with: lm certs issue operator NAME");
        }

        try
        {
            return new ClientIdentity(new PemCertificate(File.ReadAllText(certificate), File.ReadAllText(key)).Load(), CaBundle.Parse(File.ReadAllText(ca)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException or ArgumentException)
        {
            throw new CliException(ExitCodes.Usage, $"cannot use the certificate {certificate}: {e.Message}");
        }
    }
}
