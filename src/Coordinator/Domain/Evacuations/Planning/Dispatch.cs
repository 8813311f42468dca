namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>One way of playing a plan through; several are tried and the best forecast is kept.</summary>
/// <param name="LeastShare">Of what a guest could use alone: with less left for it, it waits (unless another link is what counts).</param>
/// <param name="ByWorst">Urgent is whose busiest link has most to do; else whose links have together.</param>
internal readonly record struct Dispatch(double LeastShare, bool ByWorst)
{
    public static readonly Dispatch[] All = [new(0.5, false), new(0.2, false), new(0.2, true), new(0.5, true), new(0.1, false), new(0.35, true)];
}
