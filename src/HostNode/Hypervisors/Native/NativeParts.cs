namespace HostNode.Hypervisors.Native;

/// <summary>What all guests of the native driver share.</summary>
internal sealed record NativeParts(
    NativeOptions Options, HolderLauncher Launcher, IHypervisorSink Sink, IPeerConnector Peers, TimeProvider Clock, NativeSelfTest SelfTest)
{
    public bool UsesWpAsync => SelfTest.UsesWpAsync;
}
