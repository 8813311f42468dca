using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Coordinator.Server.Api;

namespace Coordinator.Server.Node;

/// <summary>Calls of the API as commands of the cluster: who asks goes into the envelope, a refusal becomes a problem.</summary>
internal sealed class CallCommands(CommandRouter router, IEventStore store)
{
    /// <exception cref="RefusedException">The command was refused, or too much is waiting here (503).</exception>
    public async Task<CommandResult> SubmitAsync(Command command, Call call, string? reason)
    {
        try
        {
            return RefusalMap.OrThrow(await router.SubmitAsync(command, Context(call, reason)));
        }
        catch (NodeBusyException e)
        {
            throw new RefusedException(new ApiProblem(503, "node.busy", "Service unavailable", e.Message, "try again in a second") { RetryAfter = TimeSpan.FromSeconds(1) });
        }
    }

    /// <summary>What the call was answered before under its key, for calls that are looked at before they are decided on; null: it is new.</summary>
    /// <exception cref="RefusedException">The key was used with another body.</exception>
    public CommandResult? Earlier(Call call) =>
        call.IdempotencyKey is { } key && store.FindIdempotent(call.Actor, key) is { } earlier ? RefusalMap.OrThrow(CommandResult.Repeated(earlier, Context(call, null))) : null;

    /// <summary>The resource a command led to, or that it led to before under the same key.</summary>
    public static Answer<T> Answered<T>(CommandResult result, Func<string, T?> read) where T : class => new(
        read(result.Earlier?.Answer ?? result.Stream) ?? throw new InvalidOperationException($"{result.Stream} was decided on but is not in the projection"), Replayed: result.Earlier is not null);

    private static CommandContext Context(Call call, string? reason) =>
        new(call.Actor, "api", reason, call.RequestId, call.TraceParent, call.IdempotencyKey, call.BodyHash, checked((int?)call.IfMatch));
}
