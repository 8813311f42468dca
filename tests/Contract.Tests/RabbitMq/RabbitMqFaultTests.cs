using System.Collections.Concurrent;
using Contract.Tests.Buses;
using Contract.Tests.RabbitMq.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.RabbitMq;
using Coordinator.Application.Bus;
using Lab.Servers;

namespace Contract.Tests.RabbitMq;

/// <summary>The broker, or the line to it, is gone for a while: nothing stands still for ever, and what is sent until it is heard gets through again.</summary>
[NeedsRabbitMq]
[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqFaultTests(SharedBroker broker)
{
    private const string Shard = "shard.1";

    [ServerFact]
    public void Given_lines_that_are_cut_again_and_again_under_load_When_sent_until_heard_Then_messages_flow_after_each_cut()
    {
        var host = broker.Server.NewHost();
        using var near = new CuttingProxy(broker.Server.Port());
        using var far = new CuttingProxy(broker.Server.Port());
        using var sender = Broker.BusOf(broker.Server.Options(host, near.Port), "node-a");
        using var reader = Broker.BusOf(broker.Server.Options(host, far.Port), "node-b");
        using var owner = Listener.Owning(reader, Shard);
        using var node = Listener.At(reader, "node.node-b");

        for (var n = 0; n < 20; n++)
        {
            owner.Until(() => Load(sender, Shard, n));
            node.Until(() => sender.Publish(BusContract.Message("node.node-b", n)));
            if (n % 2 == 0) near.CutBeforeTheServerHears();
            else far.CutBeforeTheAnswerIsHeard();
            Load(sender, Shard, n);
        }

        Assert.True(near.Cuts + far.Cuts > 10, $"only {near.Cuts + far.Cuts} lines were cut");
    }

    [ServerFact]
    public void Given_a_line_that_went_silent_without_a_word_When_sent_until_heard_Then_it_is_noticed_and_messages_flow_again()
    {
        var host = broker.Server.NewHost();
        using var proxy = new CuttingProxy(broker.Server.Port());
        var troubles = new ConcurrentQueue<string>();
        using var sender = Broker.BusOf(broker.Server.Options(host), "node-a");
        using var reader = Broker.BusOf(broker.Server.Options(host, proxy.Port), "node-b", onTrouble: troubles.Enqueue);
        using var owner = Listener.Owning(reader, Shard);
        owner.Until(() => Load(sender, Shard, 1));

        proxy.GoSilent();
        Load(sender, Shard, 2);
        owner.Hears(BusContract.Message(Shard, 299)); // of what went into the silence: delivered again
        owner.Until(() => Load(sender, Shard, 3));

        Assert.NotEmpty(troubles);
    }

    [ServerFact]
    public void Given_a_broker_that_is_killed_When_it_is_back_Then_messages_flow_and_meanwhile_publishing_was_refused_when_too_much_waited()
    {
        using var server = new RabbitMqServer();
        server.Start();
        using var sender = Broker.BusOf(server.Options("%2F"), "node-a", capacity: 100);
        using var reader = Broker.BusOf(server.Options("%2F"), "node-b");
        using var owner = Listener.Owning(reader, Shard);
        owner.Until(() => Load(sender, Shard, 1));

        server.Kill();
        Assert.True(SpinWait.SpinUntil(() => sender.Trouble is not null, TimeSpan.FromSeconds(30)), "nobody noticed");
        Assert.Contains(false, Enumerable.Range(0, 200).Select(n => sender.Publish(BusContract.Message(Shard, n))));
        server.StartAgain();

        owner.Until(() => Load(sender, Shard, 2));
        Assert.True(SpinWait.SpinUntil(() => sender.Trouble is null && reader.Trouble is null, TimeSpan.FromSeconds(30)), sender.Trouble ?? reader.Trouble);
    }

    [ServerFact]
    public void Given_three_brokers_When_the_one_that_leads_a_queue_is_killed_Then_messages_flow_again_and_what_waited_is_not_lost()
    {
        using var server = new RabbitMqServer(nodes: 3);
        server.Start();
        // Not to the one that is killed: these lines stand, and the queue changes its leader behind them.
        using var sender = Broker.BusOf(server.Options("%2F", server.Port(1)), "node-a");
        using var reader = Broker.BusOf(server.Options("%2F", server.Port(1), server.Port(2), server.Port(3)), "node-b");
        using (var owner = Listener.Owning(reader, Shard)) owner.Until(() => Load(sender, Shard, 1));
        var leader = LeaderOf(server);
        if (leader == 1)
        {
            server.Control("eval", $"rabbit_quorum_queue:transfer_leadership(element(2, rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{Shard}\">>))), 'n2@localhost').");
            leader = LeaderOf(server);
        }

        Assert.NotEqual(1, leader);
        Load(sender, Shard, 2);
        Assert.True(SpinWait.SpinUntil(() => sender.Waiting == 0, TimeSpan.FromSeconds(30)), "not everything is confirmed");
        server.Kill(leader);

        using var next = Listener.Owning(reader, Shard);
        for (var n = 0; n < 100; n++) next.Hears(BusContract.Message(Shard, 200 + n));
        next.Until(() => Load(sender, Shard, 3));
    }

    [ServerFact]
    public void Given_a_broker_that_takes_nothing_When_a_bus_is_disposed_Then_it_does_not_wait_for_it()
    {
        var host = broker.Server.NewHost();
        using var proxy = new CuttingProxy(broker.Server.Port());
        using (var bus = Broker.BusOf(broker.Server.Options(host, proxy.Port), "node-a", capacity: 100_000))
        {
            Assert.True(SpinWait.SpinUntil(() => bus.Trouble is null, TimeSpan.FromSeconds(30)), bus.Trouble);
            proxy.GoSilent();
            Load(bus, Shard, 1);
        }
    }

    // A hundred at once: some are on their way, some are sent and not confirmed, some wait.
    private static void Load(IBus bus, string address, int round)
    {
        for (var n = 0; n < 100; n++) bus.Publish(BusContract.Message(address, (round % 100 * 100) + n));
    }

    private static int LeaderOf(RabbitMqServer server) =>
        server.Control("list_queues", "name", "leader").Split('\n').Where(line => line.StartsWith(Shard + "\t", StringComparison.Ordinal)).Select(line => line.Split('\t')[1]["n".Length] - '0').Single();
}
