using Coordinator.Application.Store;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>SQLite answered with an error. Never leaves the adapter: it is turned into one of the port's exceptions, by where it happened.</summary>
internal sealed class SqliteFailure(int extendedCode, string message) : Exception(message)
{
    /// <summary>The primary result code: the low byte of the extended one.</summary>
    public int Code => extendedCode & 0xff;

    /// <summary>For errors after which the transaction is surely gone and the next one may work; null for all others.</summary>
    public StoreUnavailableException? AsUnavailable(string path) => Code switch
    {
        raw.SQLITE_FULL => Unavailable($"no space left for {path}: free some on that file system"),
        raw.SQLITE_READONLY => Unavailable($"{path} is read-only: remount or make it writable"),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => Unavailable($"another process is writing to {path} and does not finish"),
        _ => null,
    };

    public StoreBrokenException AsBroken(string path) => new($"{path}: {Message} (SQLite result {extendedCode})", this);

    /// <summary>While reading: nothing can have been lost; only damage to the file is final.</summary>
    public Exception AsReadFailure(string path) => Code is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB
        ? AsBroken(path)
        : AsUnavailable(path) ?? Unavailable($"cannot read {path}: {Message}");

    private StoreUnavailableException Unavailable(string message) => new(message, this);
}
