namespace Coordinator.Application.Backup;

/// <summary>A file that is no backup, or not the whole of what was written.</summary>
public sealed class BackupDamagedException(string message, Exception? inner = null) : Exception(message, inner);
