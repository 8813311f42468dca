using Microsoft.Extensions.Logging;

namespace Coordinator.Application.Node;

internal static partial class NodeLog
{
    [LoggerMessage(100, LogLevel.Information, "owns {Shards} shards, highest term {Term}, {Streams} open streams, replayed in {Milliseconds:0} ms")]
    public static partial void TookOver(ILogger log, int shards, long term, int streams, double milliseconds);

    [LoggerMessage(101, LogLevel.Critical, "the coordinator stops: nothing more is decided or said by this process")]
    public static partial void Stopped(ILogger log, Exception cause);

    [LoggerMessage(102, LogLevel.Error, "the store cannot be used: {Detail}")]
    public static partial void StoreUnavailable(ILogger log, string detail);

    [LoggerMessage(103, LogLevel.Warning, "fenced: {Count} shards (first {Shard}) have another owner")]
    public static partial void Fenced(ILogger log, int count, int shard);

    [LoggerMessage(104, LogLevel.Warning, "commit unknown, taking over from myself: {Detail}")]
    public static partial void CommitUnknown(ILogger log, string detail);

    [LoggerMessage(105, LogLevel.Warning, "alert {Code} on {Stream}: {Detail}")]
    public static partial void Alert(ILogger log, string code, string stream, string detail);
}
