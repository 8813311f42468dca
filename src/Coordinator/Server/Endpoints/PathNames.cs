using Coordinator.Server.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Endpoints;

/// <summary>Ids in paths: one that cannot exist is answered like one that does not.</summary>
internal static class PathNames
{
    public static MigrationId Migration(string text) =>
        MigrationId.TryParse(text, out var id) ? id : throw new RefusedException(ApiProblems.NotFound("migration", Short(text)));

    public static EvacuationId Evacuation(string text) =>
        EvacuationId.TryParse(text, out var id) ? id : throw new RefusedException(ApiProblems.NotFound("evacuation", Short(text)));

    public static HostId Host(string text) => HostId.TryParse(text, out var id) ? id : throw new RefusedException(ApiProblems.NotFound("host", Short(text)));

    public static VmId Vm(string text) => VmId.TryParse(text, out var id) ? id : throw new RefusedException(ApiProblems.NotFound("vm", Short(text)));

    public static string Node(string text) => Names.IsValid(text) ? text : throw new RefusedException(ApiProblems.NotFound("node", Short(text)));

    private static string Short(string text) => text.Length > 80 ? text[..80] + "…" : text;
}
