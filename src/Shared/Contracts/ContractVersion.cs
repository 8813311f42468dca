using System.Globalization;

namespace Coordinator.Shared.Contracts;

/// <summary>
/// Version of everything that crosses a process border or is stored: hub, peer and bus messages, event types. The minor number grows when something is added,
/// which those who do not know it may ignore; the major one when they may not. Neighbouring releases differ in the minor number at most.
/// </summary>
public readonly record struct ContractVersion(int Major, int Minor) : IComparable<ContractVersion>
{
    /// <summary>Of programs that did not say theirs yet.</summary>
    public static readonly ContractVersion First = new(1, 0);

    /// <summary>
    /// What this program speaks.
    /// 1.1: agents and coordinators say their version; unknown messages are passed over.
    /// 1.2: evacuations: their events, what they ask of other shards, and whose child a migration is.
    /// </summary>
    public static readonly ContractVersion Current = new(1, 2);

    public static bool operator <(ContractVersion left, ContractVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(ContractVersion left, ContractVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(ContractVersion left, ContractVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ContractVersion left, ContractVersion right) => left.CompareTo(right) >= 0;

    /// <summary>What somebody said of itself; who says nothing, or nothing readable, is of the first version.</summary>
    public static ContractVersion Of(string? said) => TryParse(said, out var version) ? version : First;

    public static bool TryParse(string? text, out ContractVersion version)
    {
        version = default;
        if (text?.Split('.') is not [var major, var minor]) return false;
        if (!int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first) || !int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)) return false;
        version = new ContractVersion(first, second);
        return true;
    }

    public int CompareTo(ContractVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
