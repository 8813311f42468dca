using System.Text;
using System.Text.Json.Serialization;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Backup;

/// <summary>
/// One line of a backup: everything a store holds that cannot be made again. In this order: head, shards, streams, events as they were committed, keys, end.
/// The same for every store, so that a backup of one can be restored into another. For ever: additive changes only.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "line")]
[JsonDerivedType(typeof(BackupHead), "head")]
[JsonDerivedType(typeof(BackupShard), "shard")]
[JsonDerivedType(typeof(BackupStream), "stream")]
[JsonDerivedType(typeof(BackupEvent), "event")]
[JsonDerivedType(typeof(BackupKey), "key")]
[JsonDerivedType(typeof(BackupEnd), "end")]
public abstract record BackupLine;

/// <param name="Format">Of this file; a reader refuses a higher one than it knows.</param>
/// <param name="At">When it was made, by the clock of the machine that made it.</param>
/// <param name="Program">Version of the program that made it.</param>
/// <param name="Kind">Null for a backup; else <see cref="Archive"/>: closed streams that were taken out of the store, each followed by its events.</param>
public sealed record BackupHead(int Format, int Shards, DateTimeOffset At, string Program, string? Kind = null) : BackupLine
{
    public const int FormatNow = 1;
    public const string Archive = "archive";
}

public sealed record BackupShard(int Shard, long Term, long Seq) : BackupLine;

/// <summary>A stream's row. Its version is that of its last event.</summary>
public sealed record BackupStream(string Key, int Shard, int Version, bool Closed, DateTimeOffset? TimerDue, long TimerToken) : BackupLine;

/// <param name="Body">JSON as it is stored, byte for byte.</param>
/// <param name="Meta">The same.</param>
public sealed record BackupEvent(
    int Shard, long Seq, long Term, string Stream, int Version, string Type, int SchemaVersion, DateTimeOffset At, string Body, string Meta) : BackupLine
{
    public static BackupEvent Of(StoredEvent e) => new(
        e.Shard, e.Seq, e.Term.Value, e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, Encoding.UTF8.GetString(e.Body.Span), Encoding.UTF8.GetString(e.Meta.Span));

    /// <summary>As it was stored; its position was the store's.</summary>
    public StoredEvent Stored() => new(
        StorePosition.Start, Shard, Seq, new Term(Term), Stream, Version, Type, SchemaVersion, At, Encoding.UTF8.GetBytes(Body), Encoding.UTF8.GetBytes(Meta));
}

public sealed record BackupKey(IdempotencyRecord Answer) : BackupLine;

/// <param name="Lines">Before this one.</param>
/// <param name="Sha256">Of all lines before this one, in hexadecimal digits.</param>
public sealed record BackupEnd(long Lines, string Sha256) : BackupLine;
