using System.Collections.Concurrent;
using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Domain.Hosts;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hub;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>
/// Between the agents' links and the shards: admission is a command, reports go to the shard of their subject, and what shards have for a
/// host arrives on the bus under its address for as long as its link stands here.
/// </summary>
internal sealed class HubBridge(
    CoordinatorNode node, CommandRouter router, FleetProjection fleet, IBus bus, HostLinks links, LiveSamples samples, ChangeFeed changes, OrderSigner signer,
    StoreRegression regression, Restores restores, CoordinatorOptions options, IServiceProvider services) : IHubEvents
{
    private readonly ConcurrentDictionary<(HostId Host, long Link), IDisposable> _subscriptions = new();

    public async Task<Admission> AdmitAsync(AgentHello hello, long link, CancellationToken cancellation)
    {
        // To a store that was restored it first says all it knows; only then are its marks and this store's numbers about the same history.
        var told = restores.HasTold(hello);
        if (told && regression.Check(hello) is { } behind) return new Admission.RefusedAdmission(HubRefusalCodes.StoreBehind, behind);
        var context = new CommandContext("host/" + hello.Host, "hub", null, null, null, null, null, null);
        try
        {
            var answer = await router.SubmitAsync(new AdmitHost(new Admit(hello.Host, hello.JournalId, hello.StartCount, hello.BootId, hello.Facts) { EnrolmentRequired = options.EnrolmentRequired }), context).WaitAsync(cancellation);
            if (answer.Refusal is { } refusal) return new Admission.RefusedAdmission(CodeOf(refusal.Code), refusal.Detail);
            if (!told && await restores.TakeWordsAsync(hello, context).WaitAsync(cancellation) is { } untold) return new Admission.RefusedAdmission(HubRefusalCodes.StoreBehind, untold);
            return new Admission.Admitted(restores.Current);
        }
        catch (NodeBusyException e)
        {
            return new Admission.RefusedAdmission(HubRefusalCodes.Busy, e.Message);
        }
    }

    public void Linked(AgentHello hello, long link)
    {
        // Resolved late: the hub is made from this bridge.
        var hub = services.GetRequiredService<AgentHub>();
        _subscriptions[(hello.Host, link)] = bus.Subscribe(BusMessage.Host(hello.Host), message => Deliver(hub, hello.Host, message.Body));
        links.Connected(hello.Host, link, hello.Version, [.. hello.Guests.Select(guest => guest.Vm)]);
        node.HostLinked(hello.Host);
        if (options.Shared) bus.Publish(new BusMessage(BusMessage.AllNodes, new HostLinkStands(hello.Host)));
    }

    public void ReportArrived(HostId host, AgentReport report)
    {
        var shard = report.Report is MigrationReport migration ? migration.Migration.Shard : Shards.Of(report.Report.Vm.Value, options.Shards);
        // A refused publish is a lost report: the agent repeats it.
        bus.Publish(new BusMessage(BusMessage.Shard(shard), new HostReported(host, report.StartCount, report.N, report.Report)));
    }

    public void SampleArrived(HostId host, ProgressSample sample)
    {
        if (fleet.Migration(sample.Migration) is not { ClosedAt: null } row || row.Plan.Source != host) return;
        samples.Put(sample);
        changes.Raise(sample.Migration.StreamKey);
    }

    public void Late(HostId host, long startCount, long link) => links.Late(host, link);

    public void OnTime(HostId host, long startCount, long link) => links.OnTime(host, link);

    public void Disconnected(HostId host, long startCount, long link)
    {
        if (_subscriptions.TryRemove((host, link), out var subscription)) subscription.Dispose();
        links.Gone(host, link);
    }

    public void DuplicateSeen(HostId host, long startCount)
    {
        // Logged by the hub as an error; nothing is decided from it.
    }

    private void Deliver(AgentHub hub, HostId host, ShardMessage message)
    {
        switch (message)
        {
            case OrderForHost order: hub.Send(host, new HubOrder(signer.Sign(order.Order))); break;
            case AckForHost ack: hub.Send(host, new HubAck(ack.StartCount, ack.N)); break;
        }
    }

    private static string CodeOf(string refusal) => refusal switch
    {
        "host.retired" => HubRefusalCodes.HostRetired,
        "host.notEnrolled" => HubRefusalCodes.NotEnrolled,
        "host.writtenOff" => HubRefusalCodes.HostWrittenOff,
        "host.otherJournal" => HubRefusalCodes.JournalSuperseded,
        "host.oldJournal" => HubRefusalCodes.StartCountBehind,
        _ => HubRefusalCodes.Busy,
    };
}
