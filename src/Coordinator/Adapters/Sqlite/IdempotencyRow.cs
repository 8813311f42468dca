using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>Reads one answer kept under a key; used by the writer (what was taken) and by readers.</summary>
internal static class IdempotencyRow
{
    public const string Query = "select body_hash, answer, at from idempotency where principal = ?1 and key = ?2";

    public static IdempotencyRecord? Find(Statement query, string principal, string key)
    {
        query.Bind(1, principal);
        query.Bind(2, key);
        if (!query.Step()) return null;
        var record = new IdempotencyRecord(principal, key, query.Text(0), query.Text(1), query.Time(2));
        query.Reset();
        return record;
    }
}
