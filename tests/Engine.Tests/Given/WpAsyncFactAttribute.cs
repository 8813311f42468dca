using HostNode.Engine.DirtyTracking;

namespace Engine.Tests.Given;

/// <summary>A fact that needs the kernel's write tracking: skipped with the reason where it is missing, but never in CI.</summary>
public sealed class WpAsyncFactAttribute : FactAttribute
{
    private static readonly string? s_missing = TrackerSelfTest.WhyNoWpAsync();

    public WpAsyncFactAttribute()
    {
        if (s_missing is not null && Environment.GetEnvironmentVariable("CI") != "true") Skip = $"no userfaultfd WP_ASYNC here: {s_missing}";
    }
}
