using Coordinator.Shared.Identity;

namespace Coordinator.Application.Store;

/// <summary>A committed event as a scan shows it: without its meta, and only for the moment.</summary>
public readonly ref struct ScannedEvent(
    int shard, long seq, Term term, string stream, int version, string type, int schemaVersion, DateTimeOffset at, ReadOnlySpan<byte> body)
{
    public int Shard { get; } = shard;

    public long Seq { get; } = seq;

    public Term Term { get; } = term;

    public string Stream { get; } = stream;

    public int Version { get; } = version;

    public string Type { get; } = type;

    public int SchemaVersion { get; } = schemaVersion;

    public DateTimeOffset At { get; } = at;

    /// <summary>JSON, UTF-8. Valid until the visitor returns.</summary>
    public ReadOnlySpan<byte> Body { get; } = body;
}

public delegate void EventVisitor(ScannedEvent happened);
