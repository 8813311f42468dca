using Coordinator.Application.Bus;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>What leaves the node after a commit, in order. Closed family.</summary>
public abstract record MachineEffect;

public sealed record PublishMessage(BusMessage Message) : MachineEffect;

/// <summary>An order whose justification is committed; a token in it still has to be signed.</summary>
public sealed record SendOrder(HostId Host, Order Order) : MachineEffect;

/// <summary>The report is committed.</summary>
public sealed record AckReport(HostId Host, long StartCount, long N) : MachineEffect;

/// <summary>What the message led to is committed.</summary>
public sealed record MessageDone(Action Done) : MachineEffect;

public sealed record ReplyTo(Action<CommandResult> Reply, CommandResult Result) : MachineEffect;

/// <summary>An event is durable: for projections and watchers.</summary>
public sealed record EventCommitted(CommittedEvent Event) : MachineEffect;

/// <summary>Something a person should look at: a refused fact, a conflict.</summary>
public sealed record RaiseAlert(string Code, string Stream, string Detail) : MachineEffect;
