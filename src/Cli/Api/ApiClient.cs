using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Security;

namespace Cli.Api;

/// <summary>Speaks HTTP to one coordinator. Every refusal becomes a <see cref="CliException"/> with the server's own words.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _server;

    public ApiClient(Uri server, ClientIdentity? identity)
    {
        _server = server;
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        if (identity is not null)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [identity.Certificate],
                RemoteCertificateValidationCallback = (_, shown, _, _) =>
                    shown is X509Certificate2 certificate && ChainCheck.Identify(certificate, identity.Roots, DateTimeOffset.UtcNow, PeerRole.Coordinator).Problem is null,
            };
        }

        // Watches last for hours; the requests that must be quick have their own limit.
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), type, cancellation);

    /// <summary>All pages of a list, in order.</summary>
    public async IAsyncEnumerable<T> ListAsync<T>(
        string path, JsonTypeInfo<ListResource<T>> type, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        string? cursor = null;
        do
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            var page = await GetAsync(cursor is null ? path : $"{path}{separator}cursor={cursor}", type, cancellation);
            foreach (var item in page.Items) yield return item;
            cursor = page.Cursor;
        }
        while (cursor is not null);
    }

    /// <summary>A command. Carries a fresh Idempotency-Key, so that sending it again after a broken connection does nothing twice.</summary>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation, string? idempotencyKey = null)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, bodyType);
        HttpRequestMessage Request()
        {
            var content = new ByteArrayContent(bytes);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            request.Headers.Add("Idempotency-Key", key);
            return request;
        }

        try
        {
            return await SendAsync(Request, answerType, cancellation);
        }
        catch (CliException e) when (e.ExitCode == ExitCodes.Unreachable && e.InnerException is not HttpRequestException { InnerException: SocketException })
        {
            // The connection broke under way: whether it arrived is unknown, and the key makes asking again safe.
            return await SendAsync(Request, answerType, cancellation);
        }
    }

    /// <summary>Opens a stream of server-sent events.</summary>
    public async Task<HttpResponseMessage> OpenStreamAsync(string path, string? lastEventId, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await RefusalAsync(response, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(Func<HttpRequestMessage> make, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            using var request = make();
            using var response = await _http.SendAsync(request, patience.Token);
            if (!response.IsSuccessStatusCode) throw await RefusalAsync(response, patience.Token);
            await using var body = await response.Content.ReadAsStreamAsync(patience.Token);
            return await JsonSerializer.DeserializeAsync(body, type, patience.Token) ?? throw new CliException(ExitCodes.Failed, "the server sent an empty answer");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            // Not only the first: a connection that is reset as it is made, or in the middle of an answer, shows bare.
            throw Unreachable(e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException(ExitCodes.Unreachable, $"{_server} did not answer within 60 s");
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCodes.Failed, $"{_server} sent something this version of lm cannot read: {e.Message}");
        }
    }

    private CliException Unreachable(Exception e) => new(
        ExitCodes.Unreachable, $"cannot reach the coordinator at {_server}: {e.InnerException?.Message ?? e.Message}", "is it running there? another address: --server or LM_SERVER");

    private async Task<CliException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            var problem = JsonSerializer.Deserialize(text, ApiJson.Reader.ProblemBody)!;
            var findings = problem.Problems is null ? "" : string.Concat(problem.Problems.Select(p => $"\n    {p.Severity} {p.Code}: {p.Detail} {p.Remedy}"));
            return new CliException(ExitCodeOf(response.StatusCode), $"{problem.Detail} ({problem.Code}){findings}", problem.Hint);
        }
        catch (JsonException)
        {
            return new CliException(response.StatusCode == HttpStatusCode.ServiceUnavailable ? ExitCodes.Unreachable : ExitCodes.Failed, $"{_server} answered {(int)response.StatusCode} without a reason: is it a coordinator?");
        }
    }

    private static int ExitCodeOf(HttpStatusCode status) => (int)status switch
    {
        400 or 413 or 415 => ExitCodes.Usage,
        401 or 403 => ExitCodes.NotAllowed,
        404 => ExitCodes.NotFound,
        429 or 503 => ExitCodes.Unreachable,
        >= 500 => ExitCodes.Failed,
        _ => ExitCodes.Refused,
    };
}
