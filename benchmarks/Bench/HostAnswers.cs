using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Bench;

/// <summary>What hosts say to an order when everything goes well and at once.</summary>
public static class HostAnswers
{
    private static readonly TransferEndpoint Endpoint = new("127.0.0.1", 7500, null);
    private static readonly TransferStats Stats = new(ByteCount.FromMebi(64), ByteCount.Zero, 1, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(20));
    private static readonly RoundFacts Round = new(1, ByteCount.FromMebi(64), TimeSpan.FromSeconds(1), ByteCount.FromMebi(1), ByteRate.FromMebi(100), ByteRate.FromMebi(1), 0);

    /// <returns>Who says what, in order: the new host says itself that it owns the guest.</returns>
    public static IEnumerable<(HostId Host, Report Report)> To(HostId host, Order order)
    {
        switch (order)
        {
            case StartVm o:
                yield return (host, new VmRunning(o.Vm, o.Epoch));
                break;
            case Precheck o:
                yield return (host, new PrecheckReported(o.Vm, o.Migration, o.Epoch, o.Role, []));
                break;
            case PrepareIn o:
                yield return (host, new Prepared(o.Vm, o.Migration, o.Epoch, Endpoint));
                break;
            case MigrateOut o:
                yield return (host, new RoundCompleted(o.Vm, o.Migration, o.Epoch, Round, "within the limit"));
                yield return (host, new SwitchoverReady(o.Vm, o.Migration, o.Epoch, TimeSpan.FromMilliseconds(20)));
                break;
            case SwitchOver o:
                yield return (host, new CommitSent(o.Vm, o.Migration, o.Epoch, "digest", Stats));
                yield return (o.Grant.Token.Destination, new Owned(o.Vm, o.Migration, o.Epoch, "digest", TimeSpan.FromMilliseconds(12)));
                break;
            case Release o:
                yield return (host, new Released(o.Vm, o.Migration, o.Epoch));
                break;
            case VerifyIn o:
                yield return (host, new Verified(o.Vm, o.Migration, o.Epoch, true, "well"));
                break;
            case AbortOut or GiveBack when order is MigrationOrder o:
                yield return (host, new Rejected(o.Vm, o.Migration, o.Epoch, "told to", GuestRuns: true, Transient: false));
                break;
            case RefuseIn o:
                yield return (host, new Refused(o.Vm, o.Migration, o.Epoch, o.Reason, Transient: false));
                break;
        }
    }
}
