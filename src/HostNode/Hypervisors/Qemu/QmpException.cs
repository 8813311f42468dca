namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// The monitor is not there, closed, or does not speak QMP. Says nothing about the guest: its process may be well.
/// Connecting again is safe; whether a command that was under way has been carried out is unknown.
/// </summary>
public class QmpException : IOException
{
    public QmpException(string message)
        : base(message)
    {
    }

    public QmpException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
