using System.Diagnostics;

namespace Coordinator.Server.Api;

/// <summary>Who asks, with what right and under which names: goes into the envelope of every event the call causes.</summary>
/// <param name="Actor"><c>operator/alice</c> from the certificate, or <c>local:1000</c> on loopback.</param>
/// <param name="RequestId">Ties log lines and events to the call.</param>
/// <param name="IdempotencyKey">Null: the call is new each time.</param>
/// <param name="BodyHash">What the key stands for.</param>
/// <param name="IfMatch">Version the caller believes in; null means any.</param>
/// <param name="TraceParent">W3C trace context, or null.</param>
public sealed record Call(string Actor, string RequestId, string? IdempotencyKey, string BodyHash, long? IfMatch, string? TraceParent)
{
    private const int KeyLengthMax = 128;

    /// <exception cref="RefusedException">A malformed header.</exception>
    public static Call Of(HttpContext context, string bodyHash) => new(
        Actors.Of(context), RequestIds.Of(context), Key(context.Request), bodyHash, Etags.IfMatch(context.Request), Activity.Current?.Id);

    private static string? Key(HttpRequest request)
    {
        if (!request.Headers.TryGetValue("Idempotency-Key", out var values)) return null;
        var key = values.ToString().Trim('"');
        var sane = values.Count == 1 && key.Length is > 0 and <= KeyLengthMax && key.All(c => c is >= '!' and <= '~');
        return sane ? key : throw new RefusedException(ApiProblems.BadField("Idempotency-Key", $"must be 1 to {KeyLengthMax} visible ASCII characters, once"));
    }
}
