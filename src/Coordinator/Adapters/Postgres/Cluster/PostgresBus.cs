using System.Diagnostics;
using System.Text.Json;
using Coordinator.Application.Bus;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Cluster;

/// <summary>
/// The bus of several coordinators without a broker. What a node has for itself takes the way of a single node; the rest travels in notifications of the
/// database, many in one; those that are too long for one are rows, looked for each second too. Every message may be lost.
/// </summary>
public sealed class PostgresBus : IBus
{
    private const int BatchMax = 512;

    // Also without being woken we look for long messages, and say again what we subscribe to.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly string _node;
    private readonly IBus _local;
    private readonly int _capacity;
    private readonly Action<string> _onTrouble;
    private readonly object _gate = new();
    private readonly Queue<BusMessage> _outbox = new();
    private readonly Dictionary<string, int> _addresses = new(StringComparer.Ordinal);
    private readonly ClusterConnection _sending;
    private readonly ClusterConnection _receiving;
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private readonly CancellationTokenSource _stop = new();
    private volatile HashSet<string> _shared = [];
    private long _subscribedAt;
    private TimeSpan _quiet;
    private bool _addressesChanged = true;
    private long _lookedAt;
    private bool _rowsWait;
    private bool _disposed;
    private long _lost;
    private long _unread;

    /// <param name="local">Hands messages to this node's own handlers; disposed with this bus.</param>
    /// <param name="capacity">Messages for other nodes that wait to be sent before publishing is refused; and that wait at another node before more are dropped.</param>
    /// <param name="onTrouble">Told in words when the database cannot be used: messages are lost meanwhile.</param>
    public PostgresBus(PostgresStoreOptions options, string node, IBus local, int capacity = 16_384, Action<string>? onTrouble = null)
    {
        (_node, _local, _capacity, _onTrouble) = (node, local, capacity, onTrouble ?? (_ => { }));
        _sending = new ClusterConnection(options, _ => { });
        _receiving = new ClusterConnection(options, Listen);
        _sender = new Thread(Send) { IsBackground = true, Name = "bus sender" };
        _receiver = new Thread(Receive) { IsBackground = true, Name = "bus receiver" };
        _sender.Start();
        _receiver.Start();
    }

    public int Waiting
    {
        get
        {
            lock (_gate) return _outbox.Count;
        }
    }

    public long Lost => Interlocked.Read(ref _lost);

    public long Unread => Interlocked.Read(ref _unread);

    public bool Publish(BusMessage message)
    {
        bool isLocal, isShared;
        lock (_gate)
        {
            if (_disposed) return false;
            isLocal = _addresses.ContainsKey(message.Address);
            isShared = _shared.Contains(message.Address);
            if (!isLocal || isShared)
            {
                if (_outbox.Count >= _capacity)
                {
                    Interlocked.Increment(ref _lost);
                    return false;
                }

                _outbox.Enqueue(message);
                if (_outbox.Count == 1) Monitor.Pulse(_gate);
            }
        }

        return !isLocal || _local.Publish(message);
    }

    public IDisposable Subscribe(string address, Action<BusMessage> handler)
    {
        var subscription = _local.Subscribe(address, handler);
        lock (_gate)
        {
            _addresses[address] = _addresses.GetValueOrDefault(address) + 1;
            _addressesChanged = true;
            Monitor.Pulse(_gate);
        }

        return new Subscription(() => Unsubscribe(address, subscription));
    }

    /// <summary>Drops what waits and returns when no handler runs any more (unless called from one).</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        _stop.Cancel();
        _sender.Join();
        _receiver.Join();
        _sending.Dispose();
        _receiving.Dispose();
        _local.Dispose();
        _stop.Dispose();
    }

    private void Unsubscribe(string address, IDisposable subscription)
    {
        subscription.Dispose();
        lock (_gate)
        {
            if (_addresses[address] > 1) _addresses[address]--;
            else _addresses.Remove(address);
            _addressesChanged = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Send()
    {
        List<BusMessage> batch = [];
        while (WaitToSend(batch, out var addresses))
        {
            try
            {
                if (addresses is not null) Subscribe(addresses);
                if (batch.Count > 0) _sending.Use(connection => Publish(connection, batch));
            }
            catch (Exception e) when (e is StoreUnavailableException or StoreConfigurationException)
            {
                _onTrouble(e.Message);
                Interlocked.Add(ref _lost, batch.Count);
                lock (_gate) _addressesChanged = true;
                _stop.Token.WaitHandle.WaitOne(Pause);
            }

            batch.Clear();
        }
    }

    // Addresses: all of them, if they changed or were not said for a while. Saying thousands takes its time, and while hosts come one by one they
    // change all the time: a tenth of the time is spent on it at the most.
    private bool WaitToSend(List<BusMessage> batch, out string[]? addresses)
    {
        lock (_gate)
        {
            while (!_disposed && _outbox.Count == 0 && UntilSubscribing() is { Ticks: > 0 } pause) Monitor.Wait(_gate, pause + TimeSpan.FromMilliseconds(1));
            while (batch.Count < BatchMax && _outbox.TryDequeue(out var message)) batch.Add(message);
            addresses = UntilSubscribing() > TimeSpan.Zero ? null : [.. _addresses.Keys];
            if (addresses is not null) (_addressesChanged, _subscribedAt) = (false, Stopwatch.GetTimestamp());
            return !_disposed;
        }
    }

    private TimeSpan UntilSubscribing() => (_addressesChanged ? _quiet : Tick) - Stopwatch.GetElapsedTime(_subscribedAt);

    private void Subscribe(string[] addresses)
    {
        var began = Stopwatch.GetTimestamp();
        _shared = _sending.Use(connection => Subscribe(connection, addresses));
        _quiet = Stopwatch.GetElapsedTime(began) * 9;
    }

    private HashSet<string> Subscribe(NpgsqlConnection connection, string[] addresses)
    {
        using var subscribe = new NpgsqlCommand("select bus_subscribe($1, $2)", connection);
        subscribe.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _node });
        subscribe.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = addresses });
        var shared = new HashSet<string>(StringComparer.Ordinal);
        using var row = subscribe.ExecuteReader();
        while (row.Read()) shared.Add(row.GetString(0));
        return shared;
    }

    private int Publish(NpgsqlConnection connection, List<BusMessage> batch)
    {
        using var publish = new NpgsqlCommand("select bus_publish($1, $2, $3, $4)", connection);
        publish.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _node });
        publish.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. batch.Select(m => m.Address)] });
        publish.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. batch.Select(m => BusJson.Write(m.Body))] });
        publish.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _capacity });
        return publish.ExecuteNonQuery();
    }

    private void Receive()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _receiving.Use(connection =>
                {
                    if (_rowsWait || Stopwatch.GetElapsedTime(_lookedAt) >= Tick) TakeRows(connection);
                    // Until something was heard, the stop, or the time to look again; what was heard is handed over meanwhile.
                    connection.Wait((int)Tick.TotalMilliseconds / 4);
                    return 0;
                });
            }
            catch (Exception e) when (e is StoreUnavailableException or StoreConfigurationException)
            {
                _onTrouble(e.Message);
                _stop.Token.WaitHandle.WaitOne(Pause);
            }
        }
    }

    private void TakeRows(NpgsqlConnection connection)
    {
        (_rowsWait, _lookedAt) = (false, Stopwatch.GetTimestamp());
        while (Take(connection) == BatchMax)
        {
        }
    }

    private int Take(NpgsqlConnection connection)
    {
        var count = 0;
        using var take = new NpgsqlCommand("select address, body from bus_take($1, $2)", connection);
        take.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _node });
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchMax });
        using var row = take.ExecuteReader();
        while (row.Read())
        {
            count++;
            Arrived(row.GetString(0), row.GetString(1));
        }

        return count;
    }

    // Empty: there are rows. Else a line for each message: its address, a tabulator, its body.
    private void Heard(string payload)
    {
        if (payload.Length == 0) _rowsWait = true;
        foreach (var at in payload.AsSpan().Split('\n'))
        {
            var line = payload.AsSpan()[at];
            if (line.IndexOf('\t') is >= 0 and var end) Arrived(line[..end].ToString(), line[(end + 1)..]);
        }
    }

    // A kind that an older program does not know is lost to it: whoever sent it sends it again, to whoever owns the shard then.
    private void Arrived(string address, ReadOnlySpan<char> body)
    {
        try
        {
            _local.Publish(new BusMessage(address, BusJson.Read(body)));
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            Interlocked.Increment(ref _unread);
            _onTrouble($"a message for {address} cannot be read: {e.Message}");
        }
    }

    private void Listen(NpgsqlConnection connection)
    {
        using var channel = new NpgsqlCommand("select quote_ident('lm_bus_' || hashtext($1))", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = _node } } };
        using var listen = new NpgsqlCommand("listen " + (string)channel.ExecuteScalar()!, connection);
        listen.ExecuteNonQuery();
        connection.Notification += (_, heard) => Heard(heard.Payload);
        _rowsWait = true;
    }
}
