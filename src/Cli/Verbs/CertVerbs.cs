using System.CommandLine;
using System.Security.Cryptography;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Cli.Verbs;

/// <summary><c>lm certs init|issue</c>: the cluster's own authority, in files.</summary>
internal static class CertVerbs
{
    private const string CaCertificate = "ca.pem";
    private const string CaKey = "ca.key";

    public static Command Build()
    {
        var certs = new Command("certs", "The cluster's certificate authority and its certificates.");
        certs.Subcommands.Add(Init());
        certs.Subcommands.Add(Issue());
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
