using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using Npgsql;
using NpgsqlTypes;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// The one writing connection, one caller at a time. A commit whose answer never came is <see cref="AppendOutcome.Unknown"/>: only the next takeover,
/// which waits for it, can tell.
/// </summary>
internal sealed class PostgresWriter(PostgresConnections connections)
{
    private const int KeysPrunedPerCall = 1_000;

    public AppendOutcome Append(AppendBatch batch)
    {
        // Opened outside: before the statement has left, nothing can have happened.
        using var connection = connections.OpenWriter();
        try
        {
            using var append = AppendStatement.Of(batch, connection);
            var position = (long)append.ExecuteScalar()!;
            connections.Saw(position);
            return new AppendOutcome.Committed(StoredPosition.Of(position)) { Before = StoredPosition.Of(position - batch.Events.Count) };
        }
        catch (PostgresException e) when (AppendStatement.Refusal(e) is { } refused)
        {
            return refused;
        }
        catch (Exception e) when (PostgresFailure.LeavesUnknown(e))
        {
            return new AppendOutcome.Unknown($"{connections.Place}: {(e.InnerException ?? e).Message.ReplaceLineEndings(" ")}");
        }
        catch (PostgresException e)
        {
            throw PostgresFailure.OfServer(e, connections.Place);
        }
    }

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner) => Repeatable("select shard, term, seq from take_over($1, $2)", command =>
    {
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. shards] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        var raised = Leases(command, owner).ToDictionary(lease => lease.Shard);
        return shards.Select(shard => raised[shard]).ToList();
    });

    public IReadOnlyList<ShardLease> TakeOverAgain(IReadOnlyList<(int Shard, Term Term)> held, string owner) => Repeatable("select shard, term, seq from take_over_again($1, $2, $3)", command =>
    {
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. held.Select(h => h.Shard)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. held.Select(h => h.Term.Value)] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        return Leases(command, owner);
    });

    public void PruneIdempotent(DateTimeOffset olderThan) => Repeatable(
        "delete from idempotency where (principal, key) in (select principal, key from idempotency where at < $1 order by at limit $2)", command =>
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = StoredTime.ToTicks(olderThan) });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = KeysPrunedPerCall });
            return command.ExecuteNonQuery();
        });

    public void SaveProjection(string name, long position, ReadOnlyMemory<byte> state) => Repeatable(
        "insert into projection(name, pos, state) values($1, $2, $3) on conflict (name) do update set pos = excluded.pos, state = excluded.state", command =>
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
            command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = state, NpgsqlDbType = NpgsqlDbType.Bytea });
            return command.ExecuteNonQuery();
        });

    private static List<ShardLease> Leases(NpgsqlCommand command, string owner)
    {
        List<ShardLease> leases = [];
        using var row = command.ExecuteReader();
        while (row.Read()) leases.Add(new ShardLease(row.GetInt32(0), new Term(row.GetInt64(1)), owner, row.GetInt64(2)));
        return leases;
    }

    // Done twice it is as good as done once: whatever breaks, it may simply be asked again.
    private T Repeatable<T>(string sql, Func<NpgsqlCommand, T> run)
    {
        using var connection = connections.OpenWriter();
        try
        {
            using var command = new NpgsqlCommand(sql, connection);
            return run(command);
        }
        catch (Exception e) when (PostgresFailure.OfRepeatable(e, connections.Place) is { } told)
        {
            throw told;
        }
    }
}
