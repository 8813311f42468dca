using Coordinator.Application.Store;
using Coordinator.Domain;

namespace Coordinator.Application.Machine;

/// <summary>The answer to a command, given after its events are durable.</summary>
/// <param name="Stream">The resource's stream key.</param>
/// <param name="Version">Its version after the command.</param>
/// <param name="Changed">False for a repeat that changed nothing.</param>
/// <param name="State">The stream's state after the command.</param>
public sealed record CommandResult(Refusal? Refusal, string Stream, int Version, bool Changed, object? State)
{
    /// <summary>The same idempotency key was used before: its stored answer.</summary>
    public IdempotencyRecord? Earlier { get; init; }

    /// <summary>The answer to a request whose key was used before: the stored one, or a refusal if it asks for something else.</summary>
    public static CommandResult Repeated(IdempotencyRecord earlier, CommandContext context) => earlier.BodyHash == context.BodyHash
        ? new CommandResult(null, earlier.Answer, 0, false, null) { Earlier = earlier }
        : Refused("idempotency.otherBody", "this Idempotency-Key was used with another body", "use a new key for a new request");

    public static CommandResult Refused(string code, string detail, string hint) => new(new Refusal(code, detail, hint), "", 0, false, null);
}
