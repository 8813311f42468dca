namespace HostNode.Hypervisors.Fake;

internal static class FakeDelay
{
    /// <summary>Blocks for a scripted time, or until something else ends it.</summary>
    public static void Delay(this TimeProvider clock, int milliseconds, Func<bool> ended)
    {
        var from = clock.GetTimestamp();
        while (!ended() && clock.GetElapsedTime(from).TotalMilliseconds < milliseconds) Thread.Sleep(1);
    }
}
