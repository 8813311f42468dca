using System.Globalization;
using Coordinator.Application.Store;

namespace Coordinator.Adapters;

/// <summary>Positions of stores that number all their events in one sequence.</summary>
internal static class StoredPosition
{
    public static StorePosition Of(long position) => new(position.ToString(CultureInfo.InvariantCulture));

    /// <exception cref="ArgumentException">Not one of ours.</exception>
    public static long Parse(StorePosition position)
    {
        if (position == StorePosition.Start || position.Value is null) return 0;
        return long.TryParse(position.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"'{position.Value}' is not a position of this store");
    }
}
