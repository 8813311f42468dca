using Coordinator.Application.Machine;
using Coordinator.Domain;
using Coordinator.Server.Api;

namespace Coordinator.Server.Node;

/// <summary>A refusal of the domain as an HTTP answer. Its code, detail and hint are passed on as they are.</summary>
internal static class RefusalMap
{
    /// <exception cref="RefusedException">The command was refused.</exception>
    public static CommandResult OrThrow(CommandResult result) =>
        result.Refusal is { } refusal ? throw new RefusedException(Of(refusal)) : result;

    public static ApiProblem Of(Refusal refusal)
    {
        var (status, title) = refusal.Code switch
        {
            "vm.unknown" or "host.unknown" or "migration.unknown" or "evacuation.unknown" or "node.unknown" => (404, "Not found"),
            "precondition.stale" => (412, "Precondition failed"),
            "idempotency.otherBody" => (422, "Idempotency-Key reused"),
            "resolve.reason" or "resolve.choice" or "resolve.secondPerson" => (400, "Bad request"),
            "node.stopping" or "store.unavailable" or "shard.notOwned" or "shard.unanswered" or "stream.newer" => (503, "Service unavailable"),
            _ => (409, "Conflict"),
        };
        return new ApiProblem(status, refusal.Code, title, refusal.Detail, refusal.Hint) { RetryAfter = status == 503 ? TimeSpan.FromSeconds(1) : null };
    }
}
