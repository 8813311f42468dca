namespace Coordinator.Application.Store;

/// <summary>The store failed while making something durable. Final: the process stops at once and says nothing more.</summary>
public sealed class StoreBrokenException : Exception
{
    public StoreBrokenException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
