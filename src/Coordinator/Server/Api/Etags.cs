using System.Globalization;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Api;

/// <summary>A resource's etag is the version of its stream.</summary>
public static class Etags
{
    public static void Write(HttpContext context, Metadata metadata) => context.Response.Headers.ETag = "\"" + metadata.Etag + "\"";

    /// <summary>The version in If-Match; null without one or with <c>*</c>.</summary>
    /// <exception cref="RefusedException">Not one of our etags.</exception>
    public static long? IfMatch(HttpRequest request)
    {
        var text = request.Headers.IfMatch.ToString().Trim();
        if (text is "" or "*") return null;
        var inner = text.Length > 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : "";
        return long.TryParse(inner, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new RefusedException(ApiProblems.BadField("If-Match", "must be the etag of an earlier answer, in double quotes"));
    }

    /// <summary>Whether If-None-Match already names this version: then the answer is 304.</summary>
    public static bool IsKnown(HttpRequest request, Metadata metadata) =>
        request.Headers.IfNoneMatch.ToString().Split(',').Any(tag => tag.Trim() is var known && (known == "*" || known == "\"" + metadata.Etag + "\""));
}
