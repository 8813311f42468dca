using System.Globalization;

namespace Coordinator.Server.Api;

/// <summary>Every refusal the API itself can give; those of the domain come with their own code.</summary>
public static class ApiProblems
{
    public static ApiProblem NotFound(string kind, string name) =>
        new(404, "notFound", "Not found", $"there is no {kind} '{name}'", $"list what there is: GET /v1/{kind}s");

    public static ApiProblem NoRoute(string path) =>
        new(404, "noRoute", "Not found", $"this server has nothing at {path}", "see /openapi/v1.json for what it has");

    public static ApiProblem WrongMethod(string method, string path) =>
        new(405, "wrongMethod", "Method not allowed", $"{method} is not possible at {path}", "see /openapi/v1.json for what is");

    public static ApiProblem BadField(string field, string detail) =>
        new(400, "badRequest", "Bad request", $"{field}: {detail}", "correct the field and send the request again")
        {
            Errors = new Dictionary<string, string[]> { [field] = [detail] },
        };

    public static ApiProblem NotJson(string? contentType) => new(
        415, "notJson", "Unsupported media type", $"the body is '{contentType ?? "(no content type)"}', not application/json", "send Content-Type: application/json");

    public static ApiProblem BodyTooLarge(long limit) => new(
        413, "bodyTooLarge", "Content too large", string.Create(CultureInfo.InvariantCulture, $"the body is longer than {limit} bytes"), "send less");

    public static ApiProblem KeyReused(string key) => new(
        422, "idempotencyKeyReused", "Idempotency-Key reused", $"the key '{key}' was used for another request body in the last 24 hours",
        "use a new key for a new request; repeat a request with the very same body");

    public static ApiProblem StaleEtag(string wanted, string current) => new(
        412, "staleEtag", "Precondition failed", $"If-Match is \"{wanted}\", the resource is at \"{current}\" by now", "read the resource again and decide again");

    public static ApiProblem NeedsCertificate(string detail) =>
        new(403, "notAnOperator", "Forbidden", detail, "use a certificate made by `lm certs issue operator NAME`");

    public static ApiProblem ForeignPage(string what) => new(
        403, "foreignPage", "Forbidden", $"the request comes from a web page of another site ({what})", "use lm, or a client that is not a web page");

    public static ApiProblem PositionGone(string position) => new(
        410, "positionGone", "Gone", $"position '{position}' is not one of this history", "read the resource again and watch from its etag");

    public static ApiProblem Archived(string stream, string file) => new(
        410, "archived", "Gone", $"{stream} is over for long, and its events are in the archive {file}", $"read it there: coordinator archive show {file} {stream}");

    public static ApiProblem Stopping() =>
        new(503, "stopping", "Service unavailable", "this coordinator is stopping", "try again in a second") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static ApiProblem Bug(string requestId) =>
        new(500, "bug", "Internal error", "the request ran into a bug of this server; nothing half-done was kept", $"report it with request id {requestId}");
}
