using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;
using Coordinator.Application.Node;
using Coordinator.Application.Replay;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Hosting;

/// <summary>The process from its arguments to its exit code.</summary>
public static partial class CoordinatorProgram
{
    private const string SettingsFile = "appsettings.json";
    private const string Verify = "verify";

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is [ReplayCommand.Name, var file]) return Replay(file);
        if (args is [PlanCommand.Name, var instance]) return Plan(instance);
        if (args is [SchemaCommand.Name, .. var rest]) return SchemaCommand.Run(rest, Environment.GetEnvironmentVariables(), SettingsFile, Console.Out, Console.Error);
        if (args is [BackupCommand.Backup or BackupCommand.Restore, ..]) return BackupCommand.Run(args, Environment.GetEnvironmentVariables(), SettingsFile, Console.Out, Console.Error);
        if (args is [ArchiveCommand.Name, ..]) return ArchiveCommand.Run(args, Environment.GetEnvironmentVariables(), SettingsFile, DateTimeOffset.UtcNow, Console.Out, Console.Error);
        if (args is [Verify, var database]) return VerifyDatabase(database);
        try
        {
            var options = ConfigReader.Read(args, Environment.GetEnvironmentVariables(), SettingsFile);
            // Before the store is opened: a second process started by mistake must not fence the first and then find its port taken.
            PortCheck.Require(options.Http, ConfigKeys.HttpPort);
            PortCheck.Require(options.Hub, ConfigKeys.HubPort);
            using var certificates = Certificates.Load(options, TimeProvider.System);
            var failpoints = ReadFailpoints();
            Action<HubMessage>? sent = failpoints is null ? null : message =>
            {
                if (message is HubOrder order) failpoints.Sent(order.Order);
            };
            await using var app = EdgeApplication.Build(options, certificates, services => NodeServices.Add(services, options, failpoints), sent);
            certificates.Log = app.Logger;
            await app.StartAsync();
            var addresses = ReadyFile.Of(app);
            if (options.ReadyFile is { } path) addresses.Write(path);
            LogServing(app.Logger, options.Node, addresses.Http, addresses.Hub);
            app.Lifetime.ApplicationStopping.Register(ServiceNotice.Stopping);
            ServiceNotice.Ready();
            await app.WaitForShutdownAsync();
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is ConfigurationProblemException or StoreConfigurationException or BusConfigurationException)
        {
            await Console.Error.WriteLineAsync("config error: " + e.Message);
            return ExitCodes.Configuration;
        }
        catch (StoreUnavailableException e)
        {
            await Console.Error.WriteLineAsync("store unavailable: " + e.Message);
            return ExitCodes.Unavailable;
        }
    }

    private static int Plan(string file)
    {
        try
        {
            using var instance = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            return PlanCommand.Run(instance, file == "-" ? "standard input" : file, Console.Out, Console.Error);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return ExitCodes.Usage;
        }
    }

    private static int Replay(string file)
    {
        try
        {
            if (IsBackup(file)) return ReplayCommand.Run(ArchiveCommand.Events(file).Where(e => e.Stream.StartsWith("migration-", StringComparison.Ordinal)).Select(EventResources.Of).Select(RecordedEvent.Of), file, Console.Out, Console.Error);
            using var history = file == "-" ? Console.In : new StreamReader(file);
            return ReplayCommand.Run(history, file == "-" ? "standard input" : file, Console.Out, Console.Error);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BackupDamagedException)
        {
            Console.Error.WriteLine($"{file}: {e.Message}");
            return ExitCodes.Usage;
        }
    }

    // coordinator verify FILE: a database, also beside a node at work, which it does not disturb, or a backup.
    private static int VerifyDatabase(string path)
    {
        try
        {
            if (IsBackup(path))
            {
                Console.WriteLine($"{path}: {Whole(path)}, all as they were written");
                return ExitCodes.Stopped;
            }

            Console.WriteLine($"{path}: {SqliteVerification.Run(path)} events, all as they were written");
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is StoreConfigurationException or StoreBrokenException or StoreUnavailableException or BackupDamagedException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e is BackupDamagedException ? $"{path}: {e.Message}" : e.Message);
            return ExitCodes.Failed;
        }
    }

    private static string Whole(string path)
    {
        if (ArchiveCommand.IsArchive(path))
        {
            var archive = ArchiveCommand.Verify(path);
            return $"an archive of {archive.Head!.At:u} with {archive.Streams} closed streams and {archive.Events} events";
        }

        var (head, events) = BackupCommand.Verify(path);
        return $"a backup of {head.At:u} with {events} events";
    }

    private static bool IsBackup(string path)
    {
        if (!File.Exists(path)) return false;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return BackupReader.IsBackup(file);
    }

    private static CoordinatorFailpoints? ReadFailpoints()
    {
        try
        {
            return CoordinatorFailpoints.Parse(Environment.GetEnvironmentVariable(CoordinatorFailpoints.Variable), OwnProcess.Kill, OwnProcess.Stop);
        }
        catch (FormatException e)
        {
            throw new ConfigurationProblemException(e.Message, e);
        }
    }

    [LoggerMessage(1000, LogLevel.Information, "{Node} serves {Http}, agents at {Hub}")]
    private static partial void LogServing(ILogger log, string node, string http, string hub);
}
