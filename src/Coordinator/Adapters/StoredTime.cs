namespace Coordinator.Adapters;

/// <summary>Times as stored: 100 ns since 1970, so that nothing is rounded and an instant read back equals the one given.</summary>
internal static class StoredTime
{
    public static long ToTicks(DateTimeOffset time) => time.UtcTicks - DateTime.UnixEpoch.Ticks;

    public static DateTimeOffset FromTicks(long ticks) => new(ticks + DateTime.UnixEpoch.Ticks, TimeSpan.Zero);
}
