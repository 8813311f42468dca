namespace Coordinator.Domain.Restores;

using Decision = Decision<RestoreEvent>;

/// <summary>Rules of a restore: announced once, and each host is waited for once. Pure.</summary>
public static class RestoreDecider
{
    /// <param name="s">The restore as it is known.</param>
    /// <param name="happened">What is to be true now.</param>
    public static Decision Decide(RestoreState s, RestoreEvent happened) => happened switch
    {
        StoreRestored when s.Id is null => Decision.Accept(happened),
        HostTold e when s.Waiting.Contains(e.Host) => Decision.Accept(happened),
        _ => Decision.Nothing,
    };
}
