namespace Coordinator.Application.Bus;

/// <summary>The bus refuses this node as it is configured (user, certificate, rights). The message is one readable line with the remedy; exit code 78.</summary>
public sealed class BusConfigurationException : Exception
{
    public BusConfigurationException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
