using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Api;

/// <summary>What a guest's description must satisfy before any host is asked.</summary>
public static class GuestRules
{
    private const long MemoryMin = 1L << 20;
    private const long MemoryMax = 1L << 46;

    /// <exception cref="RefusedException">A field is out of its range, or the driver's own part is missing.</exception>
    public static void Check(GuestSpec spec)
    {
        var errors = new FieldErrors("$.spec.");
        // The agents' own test driver, which no product configuration names: a host without it refuses the guest.
        if (spec.Driver != "fake") errors.OneOf("driver", spec.Driver, "native", "qemu");
        errors.Range("memory", spec.Memory.Value, MemoryMin, MemoryMax);
        errors.Range("vcpus", spec.Vcpus, 1, 64);
        if (spec is { Driver: "qemu", Qemu: null }) errors.Add("qemu", "is missing: it says what QEMU boots");
        if (spec is { Driver: "native", Qemu: not null }) errors.Add("qemu", "belongs to driver qemu only");
        if (spec.Load is { } load)
        {
            errors.Range("load.workingSet", load.WorkingSet.Value, 0, spec.Memory.Value);
            errors.Range("load.dirtyRate", load.DirtyRate.Value, 0, 1L << 40);
        }

        errors.ThrowIfAny();
    }
}
