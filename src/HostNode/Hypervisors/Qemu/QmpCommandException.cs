namespace HostNode.Hypervisors.Qemu;

/// <summary>QEMU answered a command with an error: it was not carried out.</summary>
public sealed class QmpCommandException(string command, string errorClass, string description)
    : QmpException($"{command}: {description}")
{
    /// <summary>For example <c>GenericError</c> or <c>CommandNotFound</c>.</summary>
    public string ErrorClass { get; } = errorClass;

    public string Description { get; } = description;
}
