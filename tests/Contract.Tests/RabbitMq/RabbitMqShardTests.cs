using System.Text;
using Contract.Tests.Buses;
using Contract.Tests.RabbitMq.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.RabbitMq;
using Coordinator.Application.Bus;
using RabbitMQ.Client;

namespace Contract.Tests.RabbitMq;

/// <summary>What the broker adds to the contract: a shard's messages wait for its owner, who is one, and are not forgotten before he is done.</summary>
[NeedsRabbitMq]
[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqShardTests : IDisposable
{
    private const string Shard = "shard.1";

    private readonly SharedBroker _broker;
    private readonly string _host;
    private readonly List<RabbitMqBus> _buses = [];

    public RabbitMqShardTests(SharedBroker broker) => (_broker, _host) = (broker, broker.Server.NewHost());

    public void Dispose() => _buses.ForEach(bus => bus.Dispose());

    [ServerFact]
    public void Given_an_owner_that_ends_before_it_is_done_When_another_one_reads_Then_it_hears_the_same_message()
    {
        var sender = Join("node-a");
        var first = Listener.Owning(Join("node-b"), Shard, isDone: false);
        first.Until(() => sender.Publish(Told(1)));

        first.Dispose();
        using var second = Listener.Owning(Join("node-c"), Shard);

        second.Hears(Told(1));
    }

    [ServerFact]
    public void Given_an_owner_that_is_done_with_everything_When_another_one_reads_Then_it_hears_only_what_is_new()
    {
        var sender = Join("node-a");
        var first = Listener.Owning(Join("node-b"), Shard);
        first.Until(() => sender.Publish(Told(1)));
        // Whatever was sent more than once has arrived when the last one has.
        sender.Publish(Told(2));
        first.Hears(Told(2));

        first.Dispose();
        using var second = Listener.Owning(Join("node-c"), Shard);
        second.Until(() => sender.Publish(Told(3)));

        Assert.All(second.Heard, message => Assert.Equal(Told(3), message));
    }

    [ServerFact]
    public void Given_two_that_think_they_own_a_shard_When_messages_come_Then_one_hears_them_and_the_other_follows_when_it_dies()
    {
        var sender = Join("node-a");
        var dying = Join("node-b");
        var first = Listener.Owning(dying, Shard);
        first.Until(() => sender.Publish(Told(1)));
        using var second = Listener.Owning(Join("node-c"), Shard);
        for (var n = 2; n < 100; n++) sender.Publish(Told(n));
        first.Hears(Told(99));
        Assert.Empty(second.Heard);

        dying.Dispose();
        second.Until(() => sender.Publish(Told(100)));
    }

    [ServerFact]
    public void Given_a_host_whose_link_stands_at_another_node_now_When_the_old_node_has_not_noticed_Then_what_it_sends_arrives_there()
    {
        var (old, other) = (Join("node-a"), Join("node-c"));
        using var stale = Listener.At(old, "host.a");
        stale.Until(() => other.Publish(new BusMessage("host.a", Told(0).Body)));
        var now = Join("node-b");
        using var link = Listener.At(now, "host.a");
        link.Until(() => old.Publish(new BusMessage("host.a", Told(1).Body)));

        // And back: the newest link is the one that counts.
        using var back = Listener.At(old, "host.a");
        back.Until(() => now.Publish(new BusMessage("host.a", Told(2).Body)));
    }

    [ServerFact]
    public async Task Given_a_message_that_cannot_be_read_When_it_comes_Then_it_is_kept_for_a_person_and_the_next_one_is_heard()
    {
        var sender = Join("node-a");
        using var owner = Listener.Owning(Join("node-b"), Shard);
        owner.Until(() => sender.Publish(Told(1)));
        await _broker.Server.DoAsync(_host, async channel =>
        {
            foreach (var body in new[] { "{", """{"kind":"SomethingNew"}""", "null" })
                await channel.BasicPublishAsync("coordinator", Shard, mandatory: true, new BasicProperties { AppId = "node-x" }, Encoding.UTF8.GetBytes(body));
            return 0;
        });

        owner.Until(() => sender.Publish(Told(2)));

        var kept = await _broker.Server.DoAsync(_host, async channel =>
        {
            List<BasicGetResult> found = [];
            for (var tries = 0; tries < 500 && found.Count < 3; tries++)
            {
                if (await channel.BasicGetAsync("poison", autoAck: true) is { } one) found.Add(one);
                else await Task.Delay(10);
            }

            return found;
        });
        Assert.Equal(["{", """{"kind":"SomethingNew"}""", "null"], kept.Select(k => Encoding.UTF8.GetString(k.Body.Span)));
        Assert.All(kept, k => Assert.Equal(("node-x", Shard), (k.BasicProperties.AppId, Encoding.UTF8.GetString((byte[])k.BasicProperties.Headers!["address"]!))));
    }

    [ServerFact]
    public async Task Given_a_queue_that_is_purged_or_deleted_When_sent_until_heard_Then_messages_flow_again()
    {
        var sender = Join("node-a");
        using var owner = Listener.Owning(Join("node-b"), Shard);
        owner.Until(() => sender.Publish(Told(1)));

        await _broker.Server.DoAsync(_host, channel => channel.QueuePurgeAsync(Shard));
        owner.Until(() => sender.Publish(Told(2)));
        await _broker.Server.DoAsync(_host, channel => channel.QueueDeleteAsync(Shard, ifUnused: false, ifEmpty: false));
        owner.Until(() => sender.Publish(Told(3)));
    }

    [ServerFact]
    public void Given_a_queue_that_never_answers_again_When_an_owner_comes_Then_another_queue_takes_its_place()
    {
        var sender = Join("node-a");
        using (var owner = Listener.Owning(Join("node-b"), Shard)) owner.Until(() => sender.Publish(Told(1)));
        // As one that came back from a crash without a leader.
        _broker.Server.Control("eval", $"sys:suspend(whereis('{_host}_{Shard}')).");

        using var next = Listener.Owning(Join("node-c"), Shard);
        next.Until(() => sender.Publish(Told(2)));
    }

    private static BusMessage Told(int n) => BusContract.Message(Shard, n);

    private RabbitMqBus Join(string node)
    {
        var bus = Broker.BusOf(_broker.Server.Options(_host), node);
        _buses.Add(bus);
        return bus;
    }
}
