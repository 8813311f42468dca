using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Coordinator.Server.Api;

/// <summary>A request's body, read whole and strictly.</summary>
/// <param name="Value">The parsed body.</param>
/// <param name="Hash">SHA-256 of method, path, query and the body's bytes: what an Idempotency-Key stands for.</param>
public sealed record RequestBody<T>(T Value, string Hash);

/// <summary>Reads bodies. Everything wrong with one is a 400, 413 or 415 that names the field.</summary>
public static class RequestBody
{
    /// <summary>Bytes; larger bodies are refused before they are read.</summary>
    public const int LengthMax = 1024 * 1024;

    /// <param name="whenEmpty">Stands for an empty body; null if there must be one.</param>
    /// <exception cref="RefusedException">Not JSON, too large, too deep, a wrong type, an unknown or a missing field.</exception>
    public static async Task<RequestBody<T>> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, T? whenEmpty = default) where T : class
    {
        var bytes = await ReadBytesAsync(context.Request, context.RequestAborted);
        var hash = Hash(context.Request, bytes);
        if (bytes.Length == 0)
        {
            return new RequestBody<T>(whenEmpty ?? throw new RefusedException(ApiProblems.BadField("$", "a body is needed")), hash);
        }

        if (!context.Request.HasJsonContentType()) throw new RefusedException(ApiProblems.NotJson(context.Request.ContentType));
        try
        {
            var value = JsonSerializer.Deserialize(bytes, type) ?? throw new RefusedException(ApiProblems.BadField("$", "null is no body"));
            return new RequestBody<T>(value, hash);
        }
        catch (JsonException e)
        {
            throw new RefusedException(ApiProblems.BadField(e.Path is null or "" ? "$" : e.Path, Explain(e)));
        }
    }

    private static async Task<byte[]> ReadBytesAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > LengthMax) throw new RefusedException(ApiProblems.BodyTooLarge(LengthMax));
        using var whole = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(buffer, cancellation)) > 0)
            {
                if (whole.Length + read > LengthMax) throw new RefusedException(ApiProblems.BodyTooLarge(LengthMax));
                whole.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return whole.ToArray();
    }

    private static string Hash(HttpRequest request, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // The reader's own words name .NET types; people want to know what to write instead.
    private static string Explain(JsonException e)
    {
        var message = e.Message;
        var cut = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (cut > 0) message = message[..cut];
        if (message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
        {
            return $"unknown field {Quoted(message)}";
        }

        if (message.Contains("missing required properties", StringComparison.Ordinal))
        {
            var list = message.LastIndexOf(':');
            return "missing " + message[(list + 1)..].Trim().TrimEnd('.').Replace('\'', '"');
        }

        if (message.Contains("could not be converted to", StringComparison.Ordinal)) return "has the wrong type";
        return message.Contains("maximum configured depth", StringComparison.Ordinal) ? "is nested deeper than 32 levels" : message;
    }

    private static string Quoted(string message)
    {
        var from = message.IndexOf('\'', StringComparison.Ordinal);
        var to = from < 0 ? -1 : message.IndexOf('\'', from + 1);
        return to < 0 ? "" : "\"" + message[(from + 1)..to] + "\"";
    }
}
