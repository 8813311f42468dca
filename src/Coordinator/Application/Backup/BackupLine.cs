using System.Text.Json.Serialization;
using Coordinator.Application.Store;

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
public sealed record BackupHead(int Format, int Shards, DateTimeOffset At, string Program) : BackupLine
{
    public const int FormatNow = 1;
}

public sealed record BackupShard(int Shard, long Term, long Seq) : BackupLine;

/// <summary>A stream's row. Its version is that of its last event.</summary>
public sealed record BackupStream(string Key, int Shard, int Version, bool Closed, DateTimeOffset? TimerDue, long TimerToken) : BackupLine;

/// <param name="Body">JSON as it is stored, byte for byte.</param>
/// <param name="Meta">The same.</param>
public sealed record BackupEvent(
    int Shard, long Seq, long Term, string Stream, int Version, string Type, int SchemaVersion, DateTimeOffset At, string Body, string Meta) : BackupLine;

public sealed record BackupKey(IdempotencyRecord Answer) : BackupLine;

/// <param name="Lines">Before this one.</param>
/// <param name="Sha256">Of all lines before this one, in hexadecimal digits.</param>
public sealed record BackupEnd(long Lines, string Sha256) : BackupLine;
