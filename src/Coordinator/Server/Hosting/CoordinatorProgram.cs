using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Coordinator.Server.Node;

namespace Coordinator.Server.Hosting;

/// <summary>The process from its arguments to its exit code.</summary>
public static partial class CoordinatorProgram
{
    private const string SettingsFile = "appsettings.json";

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var options = ConfigReader.Read(args, Environment.GetEnvironmentVariables(), SettingsFile);
            // Before the store is opened: a second process started by mistake must not fence the first and then find its port taken.
            PortCheck.Require(options.Http, ConfigKeys.HttpPort);
            PortCheck.Require(options.Hub, ConfigKeys.HubPort);
            using var certificates = Certificates.Load(options, TimeProvider.System);
            await using var app = EdgeApplication.Build(options, certificates, services => NodeServices.Add(services, options));
            await app.StartAsync();
            var addresses = ReadyFile.Of(app);
            if (options.ReadyFile is { } path) addresses.Write(path);
            LogServing(app.Logger, options.Node, addresses.Http, addresses.Hub);
            await app.WaitForShutdownAsync();
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is ConfigurationProblemException or StoreConfigurationException)
        {
            await Console.Error.WriteLineAsync("config error: " + e.Message);
            return ExitCodes.Configuration;
        }
    }

    [LoggerMessage(1000, LogLevel.Information, "{Node} serves {Http}, agents at {Hub}")]
    private static partial void LogServing(ILogger log, string node, string http, string hub);
}
