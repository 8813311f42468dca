using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>What an evacuation can be told. Closed family: commands of people, answers and news from other shards, timers.</summary>
public abstract record EvacuationInput;

public sealed record RequestEvacuation(EvacuationId Id, EvacuationSpec Spec, PlanInstance Instance, EvacuationPlan Plan) : EvacuationInput;

public sealed record Pause(string Detail) : EvacuationInput;

public sealed record Resume : EvacuationInput;

public sealed record Abort(bool StopRunning) : EvacuationInput;

public sealed record RetryFailures : EvacuationInput;

public sealed record Replan(PlanInstance Instance, EvacuationPlan Plan) : EvacuationInput;

/// <summary>A host has decided on its cordon, or on taking it back.</summary>
public sealed record HostAnswered(HostId Host, bool Uncordoned) : EvacuationInput;

/// <summary>The guest's shard has decided whether this try begins.</summary>
public sealed record ChildDecided(VmId Vm, int Try, MigrationId? Migration, Refusal? Refusal) : EvacuationInput;

/// <summary>Where a guest is, and whether anything moves it.</summary>
/// <param name="Try">It was asked for in this try, so it is no older; null: a hint, which may be.</param>
public sealed record GuestTold(VmId Vm, GuestNews News, int? Try) : EvacuationInput;

/// <summary>Time has passed: what waits for it goes on.</summary>
public sealed record TimePassed : EvacuationInput;

/// <summary>A guest as its shard knows it.</summary>
/// <param name="Host">Where it is placed; null: there is no such VM.</param>
/// <param name="Lost">Its memory is gone.</param>
/// <param name="Busy">A migration is open, or its place is not known since a restore.</param>
/// <param name="Last">The last migration that settled.</param>
/// <param name="Code">Why it was aborted; null if it was not, or is no evacuation's.</param>
public sealed record GuestNews(HostId? Host, bool Lost, bool Busy, MigrationId? Last, MigrationOutcome? Outcome, string? Code, string? Detail, bool Transient);
