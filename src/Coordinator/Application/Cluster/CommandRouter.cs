using System.Collections.Concurrent;
using System.Diagnostics;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;

namespace Coordinator.Application.Cluster;

/// <summary>
/// Any node takes any command: the one that decides for its shard gets it by the bus, and its answer comes back the same way. A forwarded command
/// without an idempotency key is given one, so that it can be sent again when an answer is lost or a node dies, and is still done once.
/// </summary>
public sealed class CommandRouter : IDisposable
{
    private const string NotOwned = "shard.notOwned";

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CoordinatorNode _node;
    private readonly IBus _bus;
    private readonly MachineOptions _options;
    private readonly bool _shared;
    private readonly Action _catchUp;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<CommandResult>> _waiting = new(StringComparer.Ordinal);
    private readonly IDisposable _answers;

    /// <param name="shared">Other nodes decide for other shards; without, everything is this node's own.</param>
    /// <param name="catchUp">Brings this node's projections up to what is committed: who asked here reads the answer here.</param>
    public CommandRouter(CoordinatorNode node, IBus bus, MachineOptions options, bool shared, Action catchUp)
    {
        (_node, _bus, _options, _shared, _catchUp) = (node, bus, options, shared, catchUp);
        _answers = bus.Subscribe(BusMessage.Node(options.Node), Heard);
    }

    /// <summary>Asks the cluster to do something. The task ends once the answer is durable, and can be read here.</summary>
    /// <returns>A refusal is a value. <c>shard.unanswered</c> and <c>shard.notOwned</c>: nobody decided within some seconds; with the same key it is safe to repeat.</returns>
    /// <exception cref="NodeBusyException">Too much is waiting here: try again later (HTTP 503).</exception>
    public async Task<CommandResult> SubmitAsync(Command command, CommandContext context)
    {
        var shard = CommandShard.Of(command, _options.ShardCount);
        if (!_shared || shard >= _options.ShardCount) return await _node.Submit(command, context).ConfigureAwait(false);
        var began = Stopwatch.GetTimestamp();
        string? id = null;
        while (true)
        {
            CommandResult result;
            if (_node.Owns(shard))
            {
                result = await _node.Submit(command, context).ConfigureAwait(false);
            }
            else
            {
                id ??= Guid.NewGuid().ToString("N");
                context = context.IdempotencyKey is null ? context with { IdempotencyKey = "forwarded-" + id, BodyHash = "" } : context;
                result = await ForwardAsync(id, shard, new CommandForwarded(id, _options.Node, command, context)).ConfigureAwait(false);
            }

            if (result.Refusal?.Code is not (NotOwned or "shard.unanswered") || Stopwatch.GetElapsedTime(began) > GiveUpAfter) return result;
            // The shard is changing hands.
            await Task.Delay(Pause).ConfigureAwait(false);
        }
    }

    public void Dispose() => _answers.Dispose();

    private async Task<CommandResult> ForwardAsync(string id, int shard, CommandForwarded forwarded)
    {
        var answer = _waiting.GetOrAdd(id, _ => new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            _bus.Publish(new BusMessage(BusMessage.Shard(shard), forwarded));
            var result = await answer.Task.WaitAsync(AnswerWithin).ConfigureAwait(false);
            if (result.Refusal is null) _catchUp();
            return result;
        }
        catch (TimeoutException)
        {
            return CommandResult.Refused(
                "shard.unanswered", $"the node that decides for shard {shard} did not answer", "it may have been done: look, or send the request again with the same Idempotency-Key");
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private void Heard(BusMessage message)
    {
        if (message.Body is CommandAnswered a && _waiting.TryRemove(a.Id, out var waiting))
            waiting.TrySetResult(new CommandResult(a.Refusal, a.Stream, a.Version, a.Changed, null) { Earlier = a.Earlier });
    }
}
