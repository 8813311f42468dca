namespace Simulator;

/// <summary>What one fault needs to know of chance (how long, which of several): numbers of its own, whatever else is drawn.</summary>
public struct Draw(ulong state)
{
    private ulong state = state;

    public int Below(int below)
    {
        state += 0x9e3779b97f4a7c15UL;
        return (int)(Lane.Mix(state) % (ulong)below);
    }

    public bool Chance(int perMille) => Below(1000) < perMille;

    /// <summary>Milliseconds from a range, both ends included.</summary>
    public TimeSpan Ms(int from, int to) => TimeSpan.FromMicroseconds((from * 1000L) + Below(((to - from) * 1000) + 1));
}
