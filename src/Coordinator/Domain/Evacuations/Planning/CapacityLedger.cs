namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>One ledger of memory, CPU and anti-affinity for everything under way: a guest counts at its source until it has left, at its destination from its start.</summary>
internal sealed class CapacityLedger
{
    private readonly PlanIndex _index;
    private readonly double[] _memory;
    private readonly double[] _cpus;
    private readonly Dictionary<(int Host, int Group), int> _apart = [];

    public CapacityLedger(PlanIndex index)
    {
        _index = index;
        _memory = [.. index.Hosts.Select(h => h.Memory)];
        _cpus = [.. index.Hosts.Select(h => h.Cpus)];
        foreach (var guest in index.Guests)
        {
            Put(guest, guest.Host);
            if (guest.Flight >= 0) Put(guest, guest.Flight);
        }
    }

    /// <summary>Bytes beyond the reserve; below 0 where the reserve is touched already.</summary>
    public double Memory(int host) => _memory[host];

    public double Cpus(int host) => _cpus[host];

    public void Put(Mover guest, int host) => Change(guest, host, 1);

    public void Take(Mover guest, int host) => Change(guest, host, -1);

    public Misfit Fit(Mover guest, int host) =>
        guest.Memory > _memory[host] ? Misfit.Memory
        : guest.Cpus > _cpus[host] + 1e-9 ? Misfit.Cpus
        : guest.Apart >= 0 && _apart.GetValueOrDefault((host, guest.Apart)) > 0 ? Misfit.AntiAffinity
        : Misfit.None;

    private void Change(Mover guest, int host, int sign)
    {
        _memory[host] -= sign * guest.Memory;
        _cpus[host] -= sign * guest.Cpus;
        if (guest.Apart < 0) return;
        var key = (host, guest.Apart);
        var count = _apart.GetValueOrDefault(key) + sign;
        if (count == 0) _apart.Remove(key);
        else _apart[key] = count;
    }
}

/// <summary>Why a host cannot take a guest now.</summary>
internal enum Misfit
{
    None,
    Memory,
    Cpus,
    AntiAffinity,
}
