using Coordinator.Shared.Contracts;
using HostNode.Engine.Guests;
using HostNode.Engine.Transfer;

namespace HostNode.Hypervisors.Native;

/// <summary>One guest on its way in.</summary>
internal sealed class IncomingRun : IIncomingHost, IDisposable
{
    private readonly PrepareIncoming _order;
    private readonly GuestLink _guest;
    private readonly GuestMemory _memory;
    private readonly IHypervisorSink _sink;
    private readonly IncomingTransfer _transfer;
    private volatile HypervisorEvent? _end;

    public IncomingRun(PrepareIncoming order, GuestLink guest, GuestMemory memory, IHypervisorSink sink)
    {
        (_order, _guest, _memory, _sink) = (order, guest, memory, sink);
        _transfer = new IncomingTransfer(order.Migration.Value, memory, this);
    }

    public Coordinator.Shared.Identity.MigrationId Migration => _order.Migration;

    /// <summary>How it ended, to be repeated for a repeated command; null while it receives.</summary>
    public HypervisorEvent? End => _end;

    public bool IsFor(PeerHello hello) =>
        hello.Purpose == "memory" && hello.Migration == _order.Migration && hello.Epoch == _order.Epoch && hello.Vm == _order.Vm;

    public void Accept(Stream stream) => _transfer.Accept(stream);

    public void Dispose()
    {
        _transfer.Dispose();
        _memory.Dispose();
    }

    void IIncomingHost.Loaded(string digest)
    {
        _guest.Ask(new HolderRequest("loaded") { Digest = digest, Label = Migration.Value });
        Post(new IncomingLoaded(_order.Vm, Migration, digest));
    }

    void IIncomingHost.Failed(string reason) => Post(new IncomingFailed(_order.Vm, Migration, reason));

    private void Post(HypervisorEvent happened)
    {
        _end = happened;
        _sink.Post(happened);
    }
}
