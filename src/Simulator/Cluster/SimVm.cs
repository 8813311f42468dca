using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>A guest as the world knows it, whatever coordinators and hosts believe.</summary>
public sealed class SimVm(VmId id, GuestSpec spec)
{
    public VmId Id => id;

    public GuestSpec Spec => spec;

    /// <summary>Stays stopped when a transfer fails after the pause; the other kind may resume by itself, as QEMU does.</summary>
    public bool Guarded => spec.Driver != "qemu";

    /// <summary>It has run at least once.</summary>
    public bool Exists { get; set; }

    /// <summary>Writes that were made, wherever it ran.</summary>
    public int Written { get; set; }

    /// <summary>A host fault, or a person, ended its last current copy by right: until it runs again none has to be there.</summary>
    public bool Lost { get; set; }

    /// <summary>A person wants it to stop.</summary>
    public bool MayStop { get; set; }

    /// <summary>Where a current copy went down while another one was left: if that host never comes back, nothing proves the other one.</summary>
    public SimHost? DownAt { get; set; }

    /// <summary>Where its copy died while that host was prepared for it: the agent may decide before it hears of that.</summary>
    public SimHost? DiedAt { get; set; }

    /// <summary>Its copy at the source died after this attempt's transfer had failed there, which the agent may not have heard yet.</summary>
    public MigrationId? DiedRolledBack { get; set; }

    /// <summary>The source has asked the destination of this attempt to refuse.</summary>
    public MigrationId? AskedRefusal { get; set; }

    /// <summary>COMMIT of this attempt is in the log.</summary>
    public MigrationId? CommitSeen { get; set; }
}
