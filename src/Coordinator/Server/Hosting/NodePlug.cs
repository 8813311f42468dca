using Coordinator.Server.Configuration;

namespace Coordinator.Server.Hosting;

/// <summary>Where the coordinator proper (store, machines, bus) is plugged into the edge.</summary>
internal static class NodePlug
{
    public static void Add(IServiceCollection services, CoordinatorOptions options) =>
        throw new ConfigurationProblemException("this build has no coordinator node yet");
}
