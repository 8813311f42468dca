using System.Collections.Concurrent;
using Contract.Tests.Stores;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Contract.Tests.Buses;

/// <summary>The contract of every bus, for what is published at one node and heard at another.</summary>
public abstract class BetweenNodesContract : BusContract
{
    /// <summary>The bus as one node has it.</summary>
    protected abstract IBus At(string node, int capacity);

    protected override IBus Create(int capacity = 1_000) => new Between(At("node-a", capacity), At("node-b", capacity));

    [ServerFact]
    public void Given_subscribers_of_one_address_at_two_nodes_When_sent_until_seen_Then_both_hear_it()
    {
        using var a = At("node-a", 1_000);
        using var b = At("node-b", 1_000);
        using var here = new ManualResetEventSlim();
        using var there = new ManualResetEventSlim();
        using var first = a.Subscribe(BusMessage.AllNodes, _ => here.Set());
        using var second = b.Subscribe(BusMessage.AllNodes, _ => there.Set());

        for (var round = 0; round < 1_000 && !(here.IsSet && there.IsSet); round++)
        {
            a.Publish(Message(BusMessage.AllNodes, round));
            there.Wait(TimeSpan.FromMilliseconds(20));
        }

        Await(here);
        Await(there);
    }

    [ServerFact]
    public void Given_each_kind_of_message_When_it_travels_Then_it_arrives_as_it_was_sent()
    {
        var (vm, host, migration, evacuation) = (VmId.Parse("vm-1"), HostId.Parse("host-a"), MigrationId.Parse("m-001-00000000000a001"), EvacuationId.Parse("e-001-00000000000a001"));
        var context = new CommandContext("operator/alice", "api", "a reason", "r-1", null, "key", "hash", 7);
        ShardMessage[] sent =
        [
            new HostReported(host, 1, 2, new VmGone(vm, new Epoch(3), "killed")),
            new OrderForHost(host, new StopVm(vm, 4, new Epoch(3))),
            new AckForHost(host, 1, 2),
            new ClaimAsked("host-host-a", "claim", "migration-x", 5, new ClaimTerms(vm, host, null, ByteCount.FromMebi(1), 2, true)),
            new ClaimAnswered("migration-x", "host-host-a", "claim", Problem.Error("a.code", "detail", "remedy")),
            new ClaimReleased("host-host-a", "claim", "migration-x", 5),
            new ClaimReleaseAnswered("migration-x", "host-host-a", "claim"),
            new HostChanged(host, "writtenOff", 1, ""),
            new HostStatusAsked(host, "migration-x", 5),
            new HostLinkStands(host),
            new CommandForwarded("id", "node-a", new CancelMigration(migration), context),
            new CommandForwarded("id", "node-a", new CreateMigration(vm, host, MigrationPolicy.Default), context),
            new CommandForwarded("id", "node-a", new CancelMigration(migration), context with { Reason = "with\ttabulator,\nnew line and Zoë\u2028" }),
            new CommandForwarded("id", "node-a", new CancelMigration(migration), context with { Reason = new string('x', 20_000) }), // longer than a notification
            new CommandAnswered("id", new Refusal("a.code", "detail", "hint"), "vm-1", 3, true, null),
            new CommandAsked(evacuation, "vm-1/1", new CreateMigration(vm, host, MigrationPolicy.Default, evacuation, host)),
            new CommandDecided(evacuation, "vm-1/1", new Refusal("a.code", "detail", "hint"), "migration-x"),
            new GuestAsked(vm, evacuation, 1),
            new GuestSeen(evacuation, vm, new GuestNews(host, false, true, migration, MigrationOutcome.Aborted, "a.code", "detail", true), 1),
        ];
        using var a = At("node-a", 1_000);
        using var b = At("node-b", 1_000);
        var heard = new ConcurrentDictionary<ShardMessage, bool>();
        using var arrival = new SemaphoreSlim(0);
        using var subscription = b.Subscribe("shard.1", m => { heard[m.Body] = true; arrival.Release(); });

        for (var round = 0; round < 1_000 && heard.Count < sent.Length; round++)
        {
            foreach (var message in sent) a.Publish(new BusMessage("shard.1", message));
            arrival.Wait(TimeSpan.FromMilliseconds(20));
        }

        Assert.Equal(sent.Select(m => m.ToString()).Order(), heard.Keys.Select(m => m.ToString()).Order());
        Assert.Equal(typeof(ShardMessage).Assembly.GetTypes().Where(t => t.BaseType == typeof(ShardMessage)).Select(t => t.Name).Order(), sent.Select(m => m.GetType().Name).Distinct().Order());
    }

    private sealed class Between(IBus publisher, IBus subscriber) : IBus
    {
        [ThreadStatic]
        private static bool s_handling;

        // A handler says what it has to say at its own node.
        public bool Publish(BusMessage message) => (s_handling ? subscriber : publisher).Publish(message);

        public IDisposable Subscribe(string address, Action<BusMessage> handler) => subscriber.Subscribe(address, message =>
        {
            s_handling = true;
            handler(message);
            s_handling = false;
        });

        public void Dispose()
        {
            publisher.Dispose();
            subscriber.Dispose();
        }
    }
}
