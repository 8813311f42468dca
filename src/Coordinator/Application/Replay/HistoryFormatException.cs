namespace Coordinator.Application.Replay;

/// <summary>What is given cannot be decided again: not a history, a gap in it, or written before inputs were kept. The message says where.</summary>
public sealed class HistoryFormatException : Exception
{
    public HistoryFormatException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
