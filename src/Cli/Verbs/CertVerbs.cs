using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Cli.Verbs;

/// <summary><c>lm certs init|issue|renew</c>: the cluster's own authority, in files.</summary>
internal static class CertVerbs
{
    private const string CaCertificate = "ca.pem";
    private const string CaKey = "ca.key";

    public static Command Build()
    {
        var certs = new Command("certs", "The cluster's certificate authority and its certificates.");
        certs.Subcommands.Add(Init());
        certs.Subcommands.Add(Issue());
        certs.Subcommands.Add(Renew());
        return certs;
    }

    private static Command Init()
    {
        var directory = new Option<string>("--dir") { Description = "Directory of the authority; made if it is not there.", DefaultValueFactory = _ => "certs" };
        var name = new Option<string>("--name") { Description = "Its common name.", DefaultValueFactory = _ => "lm cluster" };
        var days = new Option<int>("--days") { Description = "How long it is valid.", DefaultValueFactory = _ => 3650 };
        return Command("init", "Make a certificate authority (ca.pem, ca.key).", [directory, name, days], parsed =>
        {
            var target = Directory.CreateDirectory(parsed.GetRequiredValue(directory)).FullName;
            var now = DateTimeOffset.UtcNow;
            Write(target, CaCertificate, CaKey, CertificateAuthority.Create(parsed.GetRequiredValue(name), now.AddMinutes(-5), now.AddDays(parsed.GetValue(days))));
            Console.Out.WriteLine($"{Path.Combine(target, CaCertificate)}: give it to every node and agent");
            Console.Out.WriteLine($"{Path.Combine(target, CaKey)}: keep it secret; whoever has it can be any host");
        });
    }

    private static Command Issue()
    {
        var role = new Argument<string>("ROLE") { Description = "host, coordinator or operator." };
        role.AcceptOnlyFromAmong("host", "coordinator", "operator");
        var name = new Argument<string>("NAME") { Description = "Its name." };
        var directory = new Option<string>("--dir") { Description = "Directory of the authority; the files go there too.", DefaultValueFactory = _ => "certs" };
        var addresses = new Option<string[]>("--address") { Description = "IP addresses and DNS names where it is reached.", DefaultValueFactory = _ => ["127.0.0.1", "localhost"], AllowMultipleArgumentsPerToken = true };
        var days = new Option<int>("--days") { Description = "How long it is valid.", DefaultValueFactory = _ => 90 };
        return Command("issue", "Issue a certificate (ROLE-NAME.pem, ROLE-NAME.key).", [role, name, directory, addresses, days], parsed =>
        {
            var who = parsed.GetRequiredValue(name);
            if (!Names.IsValid(who)) throw new CliException(ExitCodes.Usage, Names.Refusal(parsed.GetRequiredValue(role), who));
            var target = parsed.GetRequiredValue(directory);
            var identity = PeerIdentity.Parse($"spiffe://lm/{parsed.GetValue(role)}/{who}") ?? throw new CliException(ExitCodes.Usage, $"{who} is no name");
            var now = DateTimeOffset.UtcNow;
            var issued = CertificateAuthority.Issue(Authority(target), identity, parsed.GetRequiredValue(addresses), now.AddMinutes(-5), now.AddDays(parsed.GetValue(days)));
            var file = $"{parsed.GetValue(role)}-{who}";
            Write(target, file + ".pem", file + ".key", issued);
            Console.Out.WriteLine(Path.Combine(target, file + ".pem"));
            Console.Out.WriteLine(Path.Combine(target, file + ".key"));
        });
    }

    private static Command Renew()
    {
        var file = new Argument<string>("CERTIFICATE") { Description = "The certificate to replace (NAME.pem); its key stands beside it (NAME.key)." };
        var directory = new Option<string>("--dir") { Description = "Directory of the authority.", DefaultValueFactory = _ => "certs" };
        var days = new Option<int>("--days") { Description = "How long the new one is valid.", DefaultValueFactory = _ => 90 };
        return Command("renew", "Replace a certificate and its key by new ones for the same holder. Running programs take them up for new connections.", [file, directory, days], parsed =>
        {
            var certificate = Path.GetFullPath(parsed.GetRequiredValue(file));
            if (!File.Exists(certificate)) throw new CliException(ExitCodes.NotFound, $"there is no {certificate}", "make a first one: lm certs issue");
            using var old = X509Certificate2.CreateFromPem(File.ReadAllText(certificate));
            var identity = PeerIdentity.Of(old) ?? throw new CliException(ExitCodes.Refused, $"{certificate} carries no identity of this product", "make a new one: lm certs issue");
            var addresses = old.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(ip => ip.ToString())));
            var now = DateTimeOffset.UtcNow;
            Replace(certificate, CertificateAuthority.Issue(Authority(parsed.GetRequiredValue(directory)), identity, [.. addresses], now.AddMinutes(-5), now.AddDays(parsed.GetValue(days))));
            Console.Out.WriteLine($"{certificate}: {identity}");
        });
    }

    // Each file is there whole at any moment. Between the two renames they do not fit each other: who reads them then keeps what he has, and looks again.
    private static void Replace(string certificate, PemCertificate pem)
    {
        var (directory, name) = (Path.GetDirectoryName(certificate)!, Path.GetFileNameWithoutExtension(certificate));
        var (newCertificate, newKey) = (name + ".pem.new", name + ".key.new");
        foreach (var rest in new[] { newCertificate, newKey }) File.Delete(Path.Combine(directory, rest));
        Write(directory, newCertificate, newKey, pem);
        File.Move(Path.Combine(directory, newKey), Path.Combine(directory, name + ".key"), overwrite: true);
        File.Move(Path.Combine(directory, newCertificate), certificate, overwrite: true);
    }

    private static PemCertificate Authority(string directory)
    {
        var (certificate, key) = (Path.Combine(directory, CaCertificate), Path.Combine(directory, CaKey));
        if (!File.Exists(certificate) || !File.Exists(key)) throw new CliException(ExitCodes.NotFound, $"there is no authority in {directory}", "make one: lm certs init --dir " + directory);
        return new PemCertificate(File.ReadAllText(certificate), File.ReadAllText(key));
    }

    // Mode 0600 from the first byte on, and never over an existing file.
    private static void Write(string directory, string certificate, string key, PemCertificate pem)
    {
        foreach (var (file, text) in new[] { (key, pem.Key), (certificate, pem.Certificate) })
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using var writer = new StreamWriter(Path.Combine(directory, file), options);
            writer.Write(text);
        }
    }

    private static Command Command(string name, string description, IEnumerable<Symbol> symbols, Action<ParseResult> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.SetAction(parsed =>
        {
            try
            {
                run(parsed);
                return ExitCodes.Done;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new CliException(ExitCodes.Refused, e.Message, "existing files are never overwritten");
            }
        });
        return command;
    }
}
