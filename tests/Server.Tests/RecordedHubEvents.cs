using System.Collections.Concurrent;
using System.Threading.Channels;
using Coordinator.Server.Hub;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary>Keeps what the hub says, in order, and waits for it.</summary>
internal sealed class RecordedHubEvents : IHubEvents
{
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();

    public Func<AgentHello, Admission> Admit { get; set; } = _ => new Admission.Admitted();

    public ConcurrentQueue<AgentReport> Reports { get; } = new();

    public Task<Admission> AdmitAsync(AgentHello hello, long link, CancellationToken cancellation)
    {
        Say($"hello {hello.Host} {hello.StartCount}");
        return Task.FromResult(Admit(hello));
    }

    public void Linked(AgentHello hello, long link) => Say($"linked {hello.Host} {hello.StartCount}");

    public void ReportArrived(HostId host, AgentReport report)
    {
        Reports.Enqueue(report);
        Say($"report {host} {report.StartCount}/{report.N}");
    }

    public void SampleArrived(HostId host, ProgressSample sample) => Say($"sample {host} {sample.Migration}");

    public void Late(HostId host, long startCount, long link) => Say($"late {host}");

    public void OnTime(HostId host, long startCount, long link) => Say($"onTime {host}");

    public void Disconnected(HostId host, long startCount, long link) => Say($"disconnected {host} {startCount}");

    public void DuplicateSeen(HostId host, long startCount) => Say($"duplicate {host} {startCount}");

    /// <summary>Waits until this was said; what was said before it is passed over.</summary>
    public async Task UntilAsync(string wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _said.Reader.ReadAsync(patience.Token) != wanted)
        {
        }
    }

    private void Say(string what) => _said.Writer.TryWrite(what);
}
