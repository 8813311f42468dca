using System.Globalization;
using Coordinator.Application.Store;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The tables, and the check that a file is one of ours. Times are 100 ns since 1970 (nothing is rounded); the view <c>history</c> shows them
/// as text for people with a SQL shell.
/// </summary>
internal static class SqliteSchema
{
    private const int Version = 1;

    // Snapshots have a table of their own: a stream's row is written often and must stay small. The version in it is that of its last writing;
    // the stream's own is that of its last event. Positions are row ids, and event rows are never deleted, so a position is never used twice.
    private const string Tables = """
        create table meta(name text primary key, value text not null) strict, without rowid;
        create table shard(shard integer primary key, term integer not null, owner text not null, seq integer not null) strict;
        create table stream(
          id integer primary key, key text not null unique, shard integer not null, ver integer not null, closed integer not null,
          timer_due integer, timer_token integer not null) strict;
        create index stream_open on stream(shard) where closed = 0;
        create table snapshot(stream integer primary key, ver integer not null, state blob not null, sum integer) strict;
        create table event(
          pos integer primary key, shard integer not null, seq integer not null, stream integer not null, ver integer not null, term integer not null,
          type text not null, schema integer not null, at integer not null, body text not null, meta text not null, sum integer) strict;
        create unique index event_by_stream on event(stream, ver);
        create table idempotency(
          principal text not null, key text not null, body_hash text not null, answer text not null, at integer not null,
          primary key(principal, key)) strict, without rowid;
        create index idempotency_by_age on idempotency(at);
        create table projection(name text primary key, pos integer not null, state blob not null) strict, without rowid;
        create view history as
          select e.pos, s.key as stream, e.ver, e.shard, e.seq, e.term, strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1e7, 'unixepoch') as at, e.type, e.body, e.meta
          from event e join stream s on s.id = e.stream;
        """;

    /// <summary>Makes the tables of a new file, or checks those of an old one. Safe when two processes do it at once.</summary>
    /// <exception cref="StoreConfigurationException">Not ours, newer than this program, or made with another shard count.</exception>
    public static void Ensure(SqliteConnection connection, SqliteStoreOptions options)
    {
        if (IsEmpty(connection))
        {
            connection.Execute("begin immediate");
            if (IsEmpty(connection)) Create(connection, options.ShardCount);
            connection.Execute("commit");
        }

        Verify(connection, options);
        if (!HasSums(connection)) AddSums(connection);
        if (connection.Scalar("select (select sum(seq) from shard) = (select coalesce(max(pos), 0) from event)") != "1")
            throw new SqliteFailure(raw.SQLITE_CORRUPT, "there are not as many events as were written");
    }

    private static bool HasSums(SqliteConnection connection) => connection.Scalar("select 1 from pragma_table_info('event') where name = 'sum'") is not null;

    // Databases of before 0.1.0's release: what they hold stays without a checksum.
    private static void AddSums(SqliteConnection connection)
    {
        connection.Execute("begin immediate");
        if (!HasSums(connection)) connection.Execute("alter table event add column sum integer; alter table snapshot add column sum integer; insert into meta select 'summed_after', coalesce(max(pos), 0) from event");
        connection.Execute("commit");
    }

    private static bool IsEmpty(SqliteConnection connection) => connection.Scalar("select 1 from sqlite_master limit 1") is null;

    /// <summary>The tables of a new database, in the transaction that is open.</summary>
    public static void Create(SqliteConnection connection, int shardCount)
    {
        connection.Execute(Tables);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"""
            insert into meta values('product', 'coordinator'), ('schema', '{Version}'), ('shards', '{shardCount}'), ('summed_after', '0');
            with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < {shardCount}) insert into shard select i, 0, '', 0 from n;
            """));
    }

    private static void Verify(SqliteConnection connection, SqliteStoreOptions options)
    {
        var shards = Open(connection, options.Path);
        if (shards != options.ShardCount)
        {
            throw new StoreConfigurationException(
                $"{options.Path} was made with {shards} shards, configured are {options.ShardCount}: the number is fixed for the life of a database, set it back");
        }
    }

    /// <returns>How many shards it was made with.</returns>
    /// <exception cref="StoreConfigurationException">Not ours, or newer than this program.</exception>
    public static int Open(SqliteConnection connection, string path)
    {
        if (connection.Scalar("select 1 from sqlite_master where type = 'table' and name = 'meta'") is null || Meta(connection, "product") != "coordinator")
            throw new StoreConfigurationException($"{path} is a SQLite database of another program: name another file as the store's path");
        var schema = Number(connection, "schema");
        return schema == Version ? Number(connection, "shards") : throw new StoreConfigurationException(
            $"{path} has schema version {schema}, this program knows {Version}: start the version that wrote it, or a newer one");
    }

    /// <summary>Position of the last event that may be without a checksum.</summary>
    public static long SummedAfter(SqliteConnection connection) => Meta(connection, "summed_after") is null ? long.MaxValue : Number(connection, "summed_after");

    /// <exception cref="SqliteFailure">What stands there is no number: damage.</exception>
    public static int Number(SqliteConnection connection, string name) => Meta(connection, name) is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new SqliteFailure(raw.SQLITE_CORRUPT, $"its number of {name} is '{text}'");

    private static string? Meta(SqliteConnection connection, string name) => connection.Scalar($"select value from meta where name = '{name}'");

    /// <summary>Turns an error of opening into words for the operator.</summary>
    public static Exception Refusal(SqliteFailure failure, string path) => failure.Code switch
    {
        raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => new StoreConfigurationException(
            $"{path} is not a SQLite database, or is damaged ({failure.Message}): restore a good copy, or name another file as the store's path", failure),
        raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH => new StoreConfigurationException(
            $"cannot open {path} for writing ({failure.Message}): check that it is a file and that this user may write it and its directory", failure),
        raw.SQLITE_READONLY => ReadOnly(path, failure),
        _ => failure.AsUnavailable(path) ?? new StoreUnavailableException($"cannot open {path}: {failure.Message}", failure),
    };

    public static StoreConfigurationException ReadOnly(string path, Exception? cause = null) =>
        new($"{path} is read-only for this user: make the file and its directory writable, or name another file as the store's path", cause);
}
