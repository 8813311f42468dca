using System.Net.Sockets;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Microsoft.AspNetCore.Connections;

namespace Coordinator.Server.Hosting;

/// <summary>The process from its arguments to its exit code.</summary>
public static class CoordinatorProgram
{
    private const string SettingsFile = "appsettings.json";

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var options = ConfigReader.Read(args, Environment.GetEnvironmentVariables(), SettingsFile);
            using var certificates = Certificates.Load(options, TimeProvider.System);
            await using var app = EdgeApplication.Build(options, certificates, services => NodePlug.Add(services, options));
            await StartAsync(app, options);
            if (options.ReadyFile is { } path) ReadyFile.Of(app).Write(path);
            await app.WaitForShutdownAsync();
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (e is ConfigurationProblemException or StoreConfigurationException)
        {
            await Console.Error.WriteLineAsync("config error: " + e.Message);
            return ExitCodes.Configuration;
        }
    }

    private static async Task StartAsync(WebApplication app, CoordinatorOptions options)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new ConfigurationProblemException($"{e.Message.TrimEnd('.')} ({ConfigKeys.HttpPort.Path} = {options.Http.Port}, {ConfigKeys.HubPort.Path} = {options.Hub.Port}): stop the other program or choose another port", e);
        }
        catch (SocketException e)
        {
            throw new ConfigurationProblemException($"cannot listen on {options.Http} and {options.Hub}: {e.Message} ({ConfigKeys.HttpAddress.Path}, {ConfigKeys.HubAddress.Path})", e);
        }
    }
}
