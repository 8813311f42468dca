using System.Collections.Concurrent;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Links;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace HostNode.Agent.Loop;

/// <summary>Effects to links and drivers.</summary>
public sealed class EffectRunner(DriverSet drivers, HubLink hub, PeerLinks peers, IHypervisorSink sink, Failpoints failpoints, AgentLog log) : IEffectRunner
{
    // Written by the loop, read by the threads that accept memory streams.
    private readonly ConcurrentDictionary<MigrationId, string> _incoming = new();

    public void Run(AgentEffect effect, MigrationRole? role)
    {
        switch (effect)
        {
            case SendReport send: hub.Send(send.Key, send.Report); break;
            case SendSample send: hub.Send(send.Sample); break;
            case SendPeer send: peers.Send(send.To, send.Endpoint, send.Message); break;
            case ReplyPeer reply: peers.Reply(reply.To, reply.Message); break;
            case Drive drive: Execute(drive, role); break;
            case RunPrecheck run: ThreadPool.QueueUserWorkItem(_ => Precheck(run.Order)); break;
            case LogLine line: log.Write(line.Level, "machine", line.Text, [("vm", line.Vm), ("migration", line.Migration), ("epoch", line.Epoch)]); break;
            default: throw new InvalidOperationException($"unknown effect {effect.GetType().Name}");
        }
    }

    /// <summary>Hands an admitted memory stream to the driver that prepared the attempt; closes it if there is none.</summary>
    public void AcceptMemory(PeerHello hello, Stream stream)
    {
        if (_incoming.TryGetValue(hello.Migration, out var name) && drivers.Find(name) is { } driver)
        {
            driver.AcceptStream(hello, stream);
            return;
        }

        log.Warn("memory.refused", "no driver of this run prepared it", ("vm", hello.Vm), ("migration", hello.Migration), ("epoch", hello.Epoch));
        stream.Dispose();
    }

    private void Execute(Drive drive, MigrationRole? role)
    {
        var kind = drive.Command.GetType().Name;
        failpoints.Hit("before-drive", kind, role);
        if (drive.Command is PrepareIncoming prepare) _incoming[prepare.Migration] = drive.Driver;
        if (drive.Command is StartOutgoing { Plan: var plan }) peers.Warm(plan.Destination, plan.Endpoint, new PeerHello(plan.Vm, plan.Migration, plan.Epoch, "control", 0, 0, 0));
        if (drivers.Find(drive.Driver) is { } driver) driver.Execute(drive.Command);
        else Unavailable(drive);
        failpoints.Hit("after-drive", kind, role);
    }

    // Only what is certain without the driver may be answered: that nothing was started. Never that a guest is dead or does not run.
    private void Unavailable(Drive drive)
    {
        var reason = $"this host has no driver '{drive.Driver}' (configured: {string.Join(", ", drivers.Names)})";
        log.Error("driver.missing", reason, ("vm", drive.Command.Vm), ("command", drive.Command.GetType().Name));
        HypervisorEvent? answer = drive.Command switch
        {
            StartGuest start => new GuestFailed(start.Vm, reason),
            PrepareIncoming prepare => new IncomingFailed(prepare.Vm, prepare.Migration, reason),
            VerifyGuest verify => new GuestVerified(verify.Vm, verify.Migration, Well: false, reason),
            _ => null,
        };
        if (answer is not null) sink.Post(answer);
    }

    private void Precheck(Precheck order)
    {
        IReadOnlyList<Problem> problems;
        try
        {
            problems = drivers.Find(order.Spec.Driver) is { } driver
                ? driver.Precheck(order.Role, order.Vm, order.Spec, order.Policy)
                : [Problem.Error("driver.missing", $"this host has no driver '{order.Spec.Driver}'", "add it to the agent's Drivers, or choose another host")];
        }
        catch (Exception e)
        {
            // A driver's fault must not end the agent, and an unanswered precheck would be asked again for ever.
            problems = [Problem.Error("precheck.failed", $"the driver could not look: {e.Message}", "see the agent's log")];
            log.Error("precheck.failed", e.ToString(), ("vm", order.Vm), ("migration", order.Migration));
        }

        hub.Send($"{order.Migration}/precheck/{order.Role}", new PrecheckReported(order.Vm, order.Migration, order.Epoch, order.Role, problems));
    }
}
