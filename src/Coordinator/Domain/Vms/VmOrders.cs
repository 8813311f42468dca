using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

/// <summary>What the VM's host must be told now, outside a migration. Pure.</summary>
public static class VmOrders
{
    public static (HostId Host, VmOrder Order)? Pending(VmState state) => state switch
    {
        Vm { Doubted: not null } => null,
        Vm { Power: VmPower.Starting, Adopting: true } s => (s.Host, new AdoptVm(s.Id, s.OrderNumber, s.Epoch, s.Spec)),
        Vm { Power: VmPower.Starting } s => (s.Host, new StartVm(s.Id, s.OrderNumber, s.Epoch, s.Spec)),
        Vm { Power: VmPower.Stopping } s => (s.Host, new StopVm(s.Id, s.OrderNumber, s.Epoch)),
        _ => null,
    };

    /// <summary>A state with open orders or claims is looked at again after this.</summary>
    public static Deadline? DeadlineOf(VmState state) =>
        state is Vm s && (Pending(state) is not null || !s.ClaimCounted || s.ToReturn is not null) ? new Deadline("answers", s.Since + TimeSpan.FromSeconds(10)) : null;
}
