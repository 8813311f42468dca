using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Restores;

/// <summary>What happened since a backup was put in the store's place. Closed family; names and shapes are for ever.</summary>
public abstract record RestoreEvent;

/// <summary>The store is a backup that was restored, and says so; what was decided after the backup was made is not in it.</summary>
/// <param name="Restore">Its id: agents keep it, so that each knows whether it has told this store everything.</param>
/// <param name="BackupAt">When the backup was made.</param>
/// <param name="Hosts">Every host that may hold a guest: each is waited for, or written off.</param>
public sealed record StoreRestored(string Restore, DateTimeOffset BackupAt, IReadOnlyList<HostId> Hosts) : RestoreEvent;

/// <summary>The host has said all it knows, and it is stored; or a person said that it is gone.</summary>
public sealed record HostTold(HostId Host, bool WrittenOff) : RestoreEvent;
