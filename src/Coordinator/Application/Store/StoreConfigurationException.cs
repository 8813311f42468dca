namespace Coordinator.Application.Store;

/// <summary>The store cannot be opened as configured (missing library, wrong shard count, newer schema). The message is one readable line with the remedy; exit code 78.</summary>
public sealed class StoreConfigurationException : Exception
{
    public StoreConfigurationException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
