namespace Coordinator.Server.Api;

/// <summary>The id that ties a request, its log lines and its events together: the client's <c>X-Request-Id</c> if it is sane, else a new one.</summary>
public static class RequestIds
{
    private const int LengthMax = 128;
    private static readonly object Slot = new();

    public static string Of(HttpContext context)
    {
        if (context.Items.TryGetValue(Slot, out var known)) return (string)known!;
        var given = context.Request.Headers["X-Request-Id"].ToString();
        var id = IsSane(given) ? given : Guid.CreateVersion7().ToString("N");
        context.Items[Slot] = id;
        return id;
    }

    private static bool IsSane(string id) => id.Length is > 0 and <= LengthMax && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');
}
