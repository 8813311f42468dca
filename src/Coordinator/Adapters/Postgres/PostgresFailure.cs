using System.Net.Sockets;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// What an error of PostgreSQL means. An ERROR from the server is a promise that the transaction was rolled back. A FATAL, a cut connection or
/// silence is none: if a commit was under way, its fate is unknown.
/// </summary>
internal static class PostgresFailure
{
    public const string Fenced = "LM001";
    public const string Conflict = "LM002";
    public const string KeysTaken = "LM003";

    /// <summary>While opening: nothing was sent yet. Null for what is not ours to translate.</summary>
    public static Exception? OfOpening(Exception e, string place) => e switch
    {
        StoreUnavailableException or StoreConfigurationException or ObjectDisposedException => null,
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } p =>
            new StoreConfigurationException($"{place} refuses the user or password ({p.MessageText}): correct the connection string or the password file", p),
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } p =>
            new StoreConfigurationException($"{place} does not exist ({p.MessageText}): create it, then run: coordinator schema migrate", p),
        PostgresException p => OfServer(p, place),
        NpgsqlException { InnerException: System.Security.Authentication.AuthenticationException tls } =>
            new StoreConfigurationException($"{place}: TLS failed ({tls.Message}): correct SSL Mode and Root Certificate in the connection string", e),
        NpgsqlException or SocketException or TimeoutException or IOException => new StoreUnavailableException($"cannot reach {place}: {OneLine(e)}", e),
        _ => null,
    };

    /// <summary>While reading, or in a write that may be repeated: nothing can have been lost.</summary>
    public static Exception? OfRepeatable(Exception e, string place) => e switch
    {
        PostgresException { Severity: "ERROR" } p => OfServer(p, place),
        NpgsqlException or SocketException or TimeoutException or IOException => new StoreUnavailableException($"the connection to {place} broke: {OneLine(e)}", e),
        _ => null,
    };

    /// <summary>Whether a commit under way may have happened all the same.</summary>
    public static bool LeavesUnknown(Exception e) => e is PostgresException p
        ? p.Severity is not "ERROR"
        : e is NpgsqlException or SocketException or TimeoutException or IOException;

    /// <summary>The server said ERROR: surely rolled back.</summary>
    public static Exception OfServer(PostgresException p, string place)
    {
        return p.SqlState switch
        {
            PostgresErrorCodes.DiskFull => Unavailable("has no space left: free some on the server"),
            PostgresErrorCodes.ReadOnlySqlTransaction => Unavailable("is read-only: make it writable, or name the primary"),
            PostgresErrorCodes.LockNotAvailable => Unavailable("is locked by another session that does not finish: look into pg_stat_activity"),
            PostgresErrorCodes.InsufficientPrivilege => new StoreConfigurationException(
                $"{place} refuses the statement ({p.MessageText}): grant what is missing with: coordinator schema migrate --grant-to ROLE", p),
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName => new StoreConfigurationException(
                $"{place} lacks the coordinator's tables ({p.MessageText}): run: coordinator schema migrate", p),
            PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new StoreBrokenException($"{place} is damaged: {p.MessageText}; restore a good copy", p),
            PostgresErrorCodes.UniqueViolation => new StoreBrokenException($"{place} holds rows that no coordinator wrote: {p.MessageText}", p),
            _ => Unavailable($"answered {p.SqlState}: {p.MessageText}"),
        };

        StoreUnavailableException Unavailable(string what) => new($"{place} {what}", p);
    }

    private static string OneLine(Exception e) => ((e.InnerException ?? e) is { } cause ? cause.Message : "").ReplaceLineEndings(" ");
}
