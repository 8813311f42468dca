using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>
/// After a restore from a backup: each host that connects says all its journal knows, before it is told anything (design: rule 13). When every host
/// has, or is written off, what is still in doubt is settled. Any node may do any of it, and repeat it.
/// </summary>
public sealed class Restores(CommandRouter router, FleetProjection fleet, ILogger<Restores> log) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly CommandContext Own = new("shard", "restore", null, null, null, null, null, null);

    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Id of the last restore; null: this store was never restored.</summary>
    public string? Current => fleet.Restored?.Id;

    /// <summary>Hosts that have not told yet what was decided after the backup was made.</summary>
    public IReadOnlyList<HostId> Waiting => fleet.Restored?.Waiting ?? [];

    /// <summary>True if this host has nothing to tell: it did, or there was no restore.</summary>
    public bool HasTold(AgentHello hello) => Current is null || hello.Restore == Current;

    /// <summary>Keeps all that a host says, and then that it did. Safe to repeat.</summary>
    /// <returns>Null once it is durable; else why the host cannot be let in yet.</returns>
    public async Task<string?> TakeWordsAsync(AgentHello hello, CommandContext context)
    {
        if (Current is not { } restore) return null;
        if (hello.Words is not { } words) return $"this store was restored from a backup, and the agent of {hello.Host} ({hello.Version}) cannot say what it knows: update it";
        foreach (var word in words)
        {
            // What is closed was settled by both hosts, or they were written off.
            var open = word.Open.Where(o => fleet.Migration(o.Migration) is not { ClosedAt: not null }).ToList();
            if ((await router.SubmitAsync(new TellWord(restore, hello.Host, word with { Open = open }), context).ConfigureAwait(false)).Refusal is { } refusal) return refusal.Detail;
        }

        return (await router.SubmitAsync(new TellHost(restore, hello.Host, WrittenOff: false), context).ConfigureAwait(false)).Refusal?.Detail;
    }

    public void Start() => _ = LookAsync();

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(LookEvery);
        try
        {
            var stop = _stopping.Token;
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false)) await SettleAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }

    private async Task SettleAsync(CancellationToken stop)
    {
        if (fleet.Restored is not { Id: { } restore } restored) return;
        try
        {
            foreach (var host in restored.Waiting.Where(IsWrittenOff)) await SubmitAsync(new TellHost(restore, host, WrittenOff: true), stop).ConfigureAwait(false);
            if (restored.Waiting.Count > 0) return;
            foreach (var vm in fleet.Vms().Where(vm => vm.State.Doubted is not null)) await SubmitAsync(new TrustVm(vm.State.Id), stop).ConfigureAwait(false);
        }
        catch (NodeBusyException)
        {
            // In a second.
        }
    }

    private async Task SubmitAsync(Command command, CancellationToken stop)
    {
        if ((await router.SubmitAsync(command, Own).WaitAsync(stop).ConfigureAwait(false)).Refusal is { } refusal) log.LogWarning("after the restore: {Detail}", refusal.Detail);
    }

    private bool IsWrittenOff(HostId host) => fleet.Host(host)?.State.WrittenOffReason is not null;
}
