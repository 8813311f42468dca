using System.Text.Json;
using Coordinator.Application.Store;
using Npgsql;
using NpgsqlTypes;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// A batch as arrays, one for each column, for the one call that compares, writes and commits it. No step of ours stands between what the server
/// compares and its commit: a process that is stopped at any moment holds no lock.
/// </summary>
internal static class AppendStatement
{
    private static readonly string Call = $"select append({string.Join(", ", Enumerable.Range(1, 28).Select(n => "$" + n))})";

    public static NpgsqlCommand Of(AppendBatch batch, NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Call, connection);
        AddLeases(command, batch);
        AddStreams(command, batch.Streams);
        AddKeys(command, batch.Keys);
        AddEvents(command, batch);
        return command;
    }

    /// <summary>The refusal that the server raised, or null if it raised something else.</summary>
    public static AppendOutcome? Refusal(PostgresException e) => e.SqlState switch
    {
        PostgresFailure.Fenced => new AppendOutcome.Fenced(JsonSerializer.Deserialize<int[]>(e.MessageText)!),
        PostgresFailure.Conflict => new AppendOutcome.Conflict(JsonSerializer.Deserialize<string[]>(e.MessageText)!),
        PostgresFailure.KeysTaken => new AppendOutcome.KeysTaken(Keys(e.MessageText)),
        _ => null,
    };

    private static void AddLeases(NpgsqlCommand command, AppendBatch batch)
    {
        var last = batch.Leases.ToDictionary(l => l.Shard, l => l.Seq);
        foreach (var e in batch.Events) last[e.Shard] = e.Seq;
        Add(command, NpgsqlDbType.Integer, batch.Leases, l => l.Shard);
        Add(command, NpgsqlDbType.Bigint, batch.Leases, l => l.Term.Value);
        Add(command, NpgsqlDbType.Text, batch.Leases, l => l.Owner);
        Add(command, NpgsqlDbType.Bigint, batch.Leases, l => l.Seq);
        Add(command, NpgsqlDbType.Bigint, batch.Leases, l => last[l.Shard]);
    }

    private static void AddStreams(NpgsqlCommand command, IReadOnlyList<StreamChange> streams)
    {
        Add(command, NpgsqlDbType.Text, streams, s => s.Stream);
        Add(command, NpgsqlDbType.Integer, streams, s => s.Shard);
        Add(command, NpgsqlDbType.Integer, streams, s => s.ExpectedVersion);
        Add(command, NpgsqlDbType.Integer, streams, s => s.Version);
        Add(command, NpgsqlDbType.Boolean, streams, s => s.Closed);
        Add(command, NpgsqlDbType.Bigint, streams, s => s.TimerDue is { } due ? StoredTime.ToTicks(due) : (long?)null);
        Add(command, NpgsqlDbType.Bigint, streams, s => s.TimerToken);
        Add(command, NpgsqlDbType.Bytea, streams, s => s.Snapshot?.ToArray());
    }

    private static void AddKeys(NpgsqlCommand command, IReadOnlyList<IdempotencyRecord> keys)
    {
        Add(command, NpgsqlDbType.Text, keys, k => k.Principal);
        Add(command, NpgsqlDbType.Text, keys, k => k.Key);
        Add(command, NpgsqlDbType.Text, keys, k => k.BodyHash);
        Add(command, NpgsqlDbType.Text, keys, k => k.Answer);
        Add(command, NpgsqlDbType.Bigint, keys, k => StoredTime.ToTicks(k.At));
    }

    private static void AddEvents(NpgsqlCommand command, AppendBatch batch)
    {
        var places = new Dictionary<string, int>(batch.Streams.Count);
        foreach (var change in batch.Streams) places.Add(change.Stream, places.Count + 1);
        var terms = batch.Leases.ToDictionary(l => l.Shard, l => l.Term.Value);
        var events = batch.Events;
        Add(command, NpgsqlDbType.Integer, events, e => e.Shard);
        Add(command, NpgsqlDbType.Bigint, events, e => e.Seq);
        Add(command, NpgsqlDbType.Integer, events, e => places[e.Stream]);
        Add(command, NpgsqlDbType.Integer, events, e => e.Version);
        Add(command, NpgsqlDbType.Bigint, events, e => terms[e.Shard]);
        Add(command, NpgsqlDbType.Text, events, e => e.Type);
        Add(command, NpgsqlDbType.Integer, events, e => e.SchemaVersion);
        Add(command, NpgsqlDbType.Bigint, events, e => StoredTime.ToTicks(e.At));
        Add(command, NpgsqlDbType.Text, events, e => e.Body);
        Add(command, NpgsqlDbType.Text, events, e => e.Meta);
    }

    private static void Add<TRow, TValue>(NpgsqlCommand command, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> column)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = column(rows[i]);
        command.Parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    private static List<IdempotencyRecord> Keys(string json)
    {
        using var rows = JsonDocument.Parse(json);
        return
        [
            .. rows.RootElement.EnumerateArray().Select(r => new IdempotencyRecord(
                r[0].GetString()!, r[1].GetString()!, r[2].GetString()!, r[3].GetString()!, StoredTime.FromTicks(r[4].GetInt64()))),
        ];
    }
}
