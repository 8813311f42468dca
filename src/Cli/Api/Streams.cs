using Coordinator.Shared.Contracts.Api;

namespace Cli.Api;

/// <summary>What can be followed.</summary>
internal static class Streams
{
    public static ResourceStream<MigrationResource> Migration(ApiClient api, string id) =>
        new(api, "/v1/migrations/" + id, ApiJson.Reader.MigrationResource, $"the migration goes on; watch it again: lm migrations watch {id}");

    public static ResourceStream<EvacuationResource> Evacuation(ApiClient api, string id) =>
        new(api, "/v1/evacuations/" + id, ApiJson.Reader.EvacuationResource, $"the evacuation goes on; watch it again: lm evacuations watch {id}");
}
