using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Api;

/// <summary>Ranges of a migration's policy, all wrong fields named at once.</summary>
public static class PolicyRules
{
    /// <exception cref="RefusedException">A field is out of its range.</exception>
    public static void Check(MigrationPolicy? policy)
    {
        if (policy is null) return;
        var errors = new FieldErrors("$.policy.");
        errors.Range("maxBlackoutMs", policy.MaxBlackoutMs, 1, 60_000);
        errors.Range("deadlineSeconds", policy.DeadlineSeconds, 1, 604_800);
        errors.Range("maxThrottlePercent", policy.MaxThrottlePercent, 0, 99);
        errors.Range("streams", policy.Streams, 1, 16);
        errors.Range("maxRounds", policy.MaxRounds, 2, 1_000);
        errors.Range("retries", policy.Retries, 0, 5);
        if (policy.MaxBandwidth is { } limit) errors.Range("maxBandwidth", limit.Value, 65_536, 1L << 50);
        errors.OneOf("verify", policy.Verify, "digest", "full");
        errors.OneOf("onNonConverging", policy.OnNonConverging, "rollBack", "force");
        errors.ThrowIfAny();
    }
}
