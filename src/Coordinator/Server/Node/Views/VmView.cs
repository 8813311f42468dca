using System.Globalization;
using Coordinator.Application.Projections;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node.Views;

/// <summary>A VM as the API shows it.</summary>
internal static class VmView
{
    public static VmResource Of(VmRow row)
    {
        var vm = row.State;
        var status = new VmStatus(vm.Doubted is not null ? "InDoubt" : vm.Migration is not null ? "Migrating" : vm.Power.ToString(), vm.Reason ?? "", vm.Host.Value, vm.Epoch.Value)
        {
            Migration = vm.Migration?.Value,
            LastMigration = (vm.Migration ?? vm.LastMigration)?.Value,
            Alert = vm.Conflict,
            Actions = Actions(vm),
        };
        var metadata = new Metadata(vm.Id.Value, row.Version.ToString(CultureInfo.InvariantCulture), 1, row.CreatedAt);
        return new VmResource(VmResource.KindName, metadata, vm.Spec, status);
    }

    private static string[] Actions(Vm vm) => vm switch
    {
        { Migration: not null } or { Doubted: not null } => [],
        { Power: VmPower.Running } => ["migrate", "stop"],
        { Power: VmPower.Stopped or VmPower.Lost } => ["start"],
        { Power: VmPower.Starting } => ["stop"],
        _ => [],
    };
}
