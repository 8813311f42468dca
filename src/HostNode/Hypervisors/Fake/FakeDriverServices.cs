namespace HostNode.Hypervisors.Fake;

/// <summary>What the parts of the fake driver share.</summary>
internal sealed record FakeDriverServices(FakeOptions Options, IHypervisorSink Sink, IPeerConnector Peers, TimeProvider Clock)
{
    public FakeScript Script() => FakeScript.Read(Options.HostDirectory);
}
