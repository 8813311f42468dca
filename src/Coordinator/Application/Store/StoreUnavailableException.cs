namespace Coordinator.Application.Store;

/// <summary>The store cannot be used now and surely did nothing. Transient: may be repeated.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
