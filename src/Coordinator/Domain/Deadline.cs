namespace Coordinator.Domain;

/// <summary>When a state must be looked at again if nothing happens. A firing only asks again, or ends a step that has no grant.</summary>
/// <param name="Name">What is waited for, for people.</param>
public readonly record struct Deadline(string Name, DateTimeOffset Due);
