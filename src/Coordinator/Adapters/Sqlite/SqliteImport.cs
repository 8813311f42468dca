using System.Text;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>Fills a new database from the lines of a backup, in one transaction.</summary>
internal sealed class SqliteImport : IDisposable
{
    private readonly BackupImport _check = new();
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, long> _streams = new(StringComparer.Ordinal);
    private Statement? _shard;
    private Statement? _stream;
    private Statement? _event;
    private Statement? _key;

    public SqliteImport(string path) => _connection = SqliteConnection.Open(path, null, TimeSpan.FromSeconds(5));

    public (BackupHead Head, long Events) Run(IEnumerable<BackupLine> lines)
    {
        // One commit at the end, forced to the disk: nothing of it counts before.
        _connection.Execute("pragma synchronous = full; begin immediate");
        foreach (var line in lines)
        {
            _check.Check(line);
            Take(line);
        }

        _check.Complete();
        _connection.Execute("commit");
        return (_check.Head!, _check.Events);
    }

    public void Dispose() => _connection.Dispose();

    private void Take(BackupLine line)
    {
        switch (line)
        {
            case BackupHead head:
                Begin(head);
                break;
            case BackupShard s:
                _shard!.Bind(1, s.Shard);
                _shard.Bind(2, s.Term);
                _shard.Bind(3, s.Seq);
                _shard.Run();
                break;
            case BackupStream s:
                AddStream(s);
                break;
            case BackupEvent e:
                AddEvent(e);
                break;
            case BackupKey k:
                AddKey(k.Answer);
                break;
        }
    }

    private void Begin(BackupHead head)
    {
        SqliteSchema.Create(_connection, head.Shards);
        _shard = _connection.Prepare("update shard set term = ?2, seq = ?3 where shard = ?1");
        _stream = _connection.Prepare("insert into stream(key, shard, ver, closed, timer_due, timer_token) values(?1, ?2, ?3, ?4, ?5, ?6)");
        _event = _connection.Prepare("insert into event(shard, seq, stream, ver, term, type, schema, at, body, meta, sum) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
        _key = _connection.Prepare("insert into idempotency(principal, key, body_hash, answer, at) values(?1, ?2, ?3, ?4, ?5)");
    }

    private void AddStream(BackupStream s)
    {
        _stream!.Bind(1, s.Key);
        _stream.Bind(2, s.Shard);
        _stream.Bind(3, s.Version);
        _stream.Bind(4, s.Closed);
        if (s.TimerDue is { } due) _stream.Bind(5, StoredTime.ToTicks(due));
        else _stream.BindNull(5);
        _stream.Bind(6, s.TimerToken);
        _stream.Run();
        _streams[s.Key] = _connection.LastRowId;
    }

    private void AddEvent(BackupEvent e)
    {
        if (!_streams.TryGetValue(e.Stream, out var stream)) throw new BackupDamagedException($"{e.Stream} has an event and no line of its own");
        var (body, meta, at) = (Encoding.UTF8.GetBytes(e.Body), Encoding.UTF8.GetBytes(e.Meta), StoredTime.ToTicks(e.At));
        _event!.Bind(1, e.Shard);
        _event.Bind(2, e.Seq);
        _event.Bind(3, stream);
        _event.Bind(4, e.Version);
        _event.Bind(5, e.Term);
        _event.Bind(6, e.Type);
        _event.Bind(7, e.SchemaVersion);
        _event.Bind(8, at);
        _event.BindText(9, body);
        _event.BindText(10, meta);
        _event.Bind(11, EventSum.Of(e.Stream, e.Version, e.Shard, e.Seq, e.Term, e.Type, e.SchemaVersion, at, body, meta));
        _event.Run();
    }

    private void AddKey(IdempotencyRecord key)
    {
        _key!.Bind(1, key.Principal);
        _key.Bind(2, key.Key);
        _key.Bind(3, key.BodyHash);
        _key.Bind(4, key.Answer);
        _key.Bind(5, StoredTime.ToTicks(key.At));
        _key.Run();
    }
}
