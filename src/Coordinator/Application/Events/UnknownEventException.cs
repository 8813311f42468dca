namespace Coordinator.Application.Events;

/// <summary>A stored event of a type or schema version that this code does not know: written by a newer version.</summary>
public sealed class UnknownEventException : Exception
{
    public UnknownEventException(string name, int schemaVersion)
        : base($"event type {name} version {schemaVersion} is unknown to this version of the coordinator: run the version that wrote it, or a newer one")
    {
    }
}
