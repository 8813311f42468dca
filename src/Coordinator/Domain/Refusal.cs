namespace Coordinator.Domain;

/// <summary>Why a command was not accepted.</summary>
/// <param name="Code">Stable word, e.g. <c>vm.migrating</c>.</param>
/// <param name="Detail">One sentence: cause and place.</param>
/// <param name="Hint">One sentence: what to do.</param>
public sealed record Refusal(string Code, string Detail, string Hint);
