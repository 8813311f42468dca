using System.Text.Json;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;
using Coordinator.Shared.Contracts;
using HostNode.Agent.Journal;
using HostNode.Agent.Machine;

namespace Simulator;

/// <summary>What crosses the border of a process. In some runs all of it goes through the production JSON, in the others it is handed over as it is.</summary>
public sealed class SimWire(bool json)
{
    public Order Through(Order order) => json ? JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(order, WireJson.Default.Order), WireJson.Default.Order)! : order;

    public Report Through(Report report) => json ? JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(report, WireJson.Default.Report), WireJson.Default.Report)! : report;

    public PeerMessage Through(PeerMessage message) =>
        json ? JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.PeerMessage), WireJson.Default.PeerMessage)! : message;

    public ShardMessage Through(ShardMessage message) =>
        json ? JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(message, DomainJson.Default.ShardMessage), DomainJson.Default.ShardMessage)! : message;

    public JournalRecord Through(JournalRecord record) => json ? JsonSerializer.Deserialize(Segment.Payload([record]), JournalJson.Default.JournalRecordArray)![0] : record;
}
