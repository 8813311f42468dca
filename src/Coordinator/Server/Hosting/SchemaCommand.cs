using System.Collections;
using System.Globalization;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;

namespace Coordinator.Server.Hosting;

/// <summary>
/// <c>coordinator schema status</c>, <c>coordinator schema migrate [--to VERSION] [--grant-to ROLE]</c> and <c>coordinator schema finish</c>: the tables of the shared store, made and changed
/// by their owner before the coordinators that need them are started. The database is named by the same settings as the coordinator's.
/// </summary>
public static class SchemaCommand
{
    public const string Name = "schema";

    private const string Usage = "usage: coordinator schema status | coordinator schema migrate [--to VERSION] [--grant-to ROLE] | coordinator schema finish, with the settings of the coordinator";

    /// <returns>0: as this program needs it; 1: it needs migrating; 2: not understood; 69: unreachable, try again; 78: refused.</returns>
    public static int Run(string[] arguments, IDictionary environment, string settingsFile, TextWriter output, TextWriter errors)
    {
        if (arguments is not [("status" or "migrate" or "finish") and var verb, .. var rest])
        {
            errors.WriteLine(Usage);
            return ExitCodes.Usage;
        }

        try
        {
            List<string> settings = [.. rest];
            var target = verb == "migrate" ? Take(settings, "--to") : null;
            var role = verb == "migrate" ? Take(settings, "--grant-to") : null;
            var found = ConfigReader.Collect(settings, environment, settingsFile);
            var postgres = PostgresSettings.From(found);
            var migrator = new SchemaMigrator(postgres.Connection, BuildInfo.Version, postgres.Password);
            var status = verb switch
            {
                "status" => migrator.Status(),
                "finish" => migrator.Finish(BuildInfo.Contracts),
                _ => migrator.Migrate(Version(target), PostgresSettings.ShardsOf(found), role),
            };
            Tell(output, status);
            return verb != "status" || status.Version == status.Needed ? ExitCodes.Stopped : ExitCodes.Failed;
        }
        catch (Exception e) when (e is ConfigurationProblemException or StoreConfigurationException or StoreUnavailableException)
        {
            errors.WriteLine(e.Message);
            return e is StoreUnavailableException ? ExitCodes.Unavailable : ExitCodes.Configuration;
        }
    }

    private static void Tell(TextWriter output, SchemaStatus status)
    {
        output.WriteLine($"{status.Place}: schema version {status.Version}, this program needs {status.Needed}");
        foreach (var step in status.Applied) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {step.Version}  {step.Name,-16} {step.At:u}  by {step.Program}"));
        if (status.Shards is { } shards) output.WriteLine($"  {shards} shards, {status.Events} events");
        if (status.Shards is not null)
        {
            output.WriteLine($"  contracts {status.Contracts}" + (status.Contracts < BuildInfo.Contracts
                ? $", this program speaks {BuildInfo.Contracts}: coordinator schema finish, once every coordinator does and none will be taken back" : ""));
        }

        if (status.Version < status.Needed) output.WriteLine("  to be migrated: coordinator schema migrate");
        if (status.Version > status.Needed) output.WriteLine("  made by a newer program: this one refuses to start on it");
    }

    private static int Version(string? text) => text is null ? SchemaMigrator.Newest
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version <= SchemaMigrator.Newest ? version
        : throw new ConfigurationProblemException($"--to {text}: must be a version from 0 to {SchemaMigrator.Newest}");

    private static string? Take(List<string> arguments, string option)
    {
        var at = arguments.IndexOf(option);
        if (at < 0) return null;
        if (at + 1 == arguments.Count) throw new ConfigurationProblemException($"{option} has no value");
        var value = arguments[at + 1];
        arguments.RemoveRange(at, 2);
        return value;
    }
}
