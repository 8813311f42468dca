using System.Net;
using System.Text;

namespace Server.Tests;

/// <summary>Everything a client can do wrong gets a problem that says where and what to do.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private Edge _edge = null!;

    public async Task InitializeAsync() => _edge = await Edge.StartAsync();

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Theory]
    [InlineData("{", "$", "")]
    [InlineData("", "$", "a body is needed")]
    [InlineData("null", "$", "null is no body")]
    [InlineData("[]", "$", "has the wrong type")]
    [InlineData("""{ "vm": "vm-1" }""", "$", "missing \"destination\"")]
    [InlineData("""{ "vm": 7, "destination": "host-b" }""", "$.vm", "has the wrong type")]
    [InlineData("""{ "vm": "vm-1", "destination": "host-b", "extra": 1 }""", "$.extra", "unknown field \"extra\"")]
    [InlineData("""{ "vm": "vm-1", "destination": "host-b", "policy": { "maxBlackoutMs": "300" } }""", "$.policy.maxBlackoutMs", "has the wrong type")]
    [InlineData("""{ "vm": "vm-1", "destination": "host-b", "policy": { "maxBlackout": 1 } }""", "$.policy.maxBlackout", "unknown field \"maxBlackout\"")]
    [InlineData("""{ "vm": "vm-1", "destination": "host-b", "policy": { "streams": 17 } }""", "$.policy.streams", "is 17, must be 1 to 16")]
    [InlineData("""{ "vm": "vm-1", "destination": "host-b", "policy": { "onNonConverging": "postCopy" } }""", "$.policy.onNonConverging", "is 'postCopy', must be rollBack or force")]
    [InlineData("""{ "vm": "Not A Name", "destination": "host-b" }""", "$.vm", "'Not A Name' is not a vm name: use 1 to 63 characters of a-z 0-9 . -, beginning with a letter or digit")]
    [InlineData("""{ "vm": "vm-1", "vm": "vm-2", "destination": "host-b" }""", "$.vm", "")]
    public async Task A_bad_migration_request_names_the_field(string body, string field, string detail)
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", body), HttpStatusCode.BadRequest);

        Assert.Equal("badRequest", problem.Code);
        var error = Assert.Single(problem.Errors!);
        Assert.Equal(field, error.Key);
        if (detail.Length > 0) Assert.Equal(detail, error.Value[0]);
        Assert.Empty(_edge.Plane.Calls);
    }

    [Fact]
    public async Task Nesting_deeper_than_32_is_refused()
    {
        var deep = """{ "vm": "vm-1", "destination": "host-b", "policy": """ + string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40) + "}";
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", deep), HttpStatusCode.BadRequest);
        Assert.NotEmpty(problem.Errors!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_one_mebibyte_is_refused_with_or_without_its_length(bool chunked)
    {
        HttpContent content = new ByteArrayContent(Encoding.UTF8.GetBytes("{\"vm\":\"" + new string('v', 1024 * 1024) + "\"}"));
        if (chunked) content = new ChunkedContent(content);
        content.Headers.ContentType = new("application/json");

        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", content), HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal("bodyTooLarge", problem.Code);
    }

    [Fact]
    public async Task A_form_is_not_json()
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", new StringContent("vm=vm-1", Encoding.UTF8, "text/plain")), HttpStatusCode.UnsupportedMediaType);
        Assert.Equal("notJson", problem.Code);
    }

    [Theory]
    [InlineData("/v1/migrations/m-001-0000000000a0001")]
    [InlineData("/v1/migrations/nonsense")]
    [InlineData("/v1/hosts/host-z")]
    [InlineData("/v1/vms/vm-z")]
    [InlineData("/v1/vms/Not%20A%20Name")]
    [InlineData("/v1/vms/vm-z/events")]
    public async Task What_is_not_there_is_404_with_a_hint(string path)
    {
        var problem = await Edge.ProblemAsync(await _edge.Http.GetAsync(path), HttpStatusCode.NotFound);
        Assert.Equal("notFound", problem.Code);
        Assert.Contains("GET /v1/", problem.Hint);
    }

    [Fact]
    public async Task An_unknown_path_points_to_the_document()
    {
        Assert.Equal("noRoute", (await Edge.ProblemAsync(await _edge.Http.GetAsync("/v2/migrations"), HttpStatusCode.NotFound)).Code);
        Assert.Equal("wrongMethod", (await Edge.ProblemAsync(await _edge.Http.DeleteAsync("/v1/migrations"), HttpStatusCode.MethodNotAllowed)).Code);
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1001", "limit")]
    [InlineData("?limit=ten", "limit")]
    [InlineData("?cursor=%21%21", "cursor")]
    [InlineData("?cursor=AAAA", "cursor")]
    public async Task A_bad_list_parameter_is_named(string query, string field)
    {
        var problem = await Edge.ProblemAsync(await _edge.Http.GetAsync("/v1/migrations" + query), HttpStatusCode.BadRequest);
        Assert.Equal(field, Assert.Single(problem.Errors!).Key);
    }

    [Fact]
    public async Task A_boolean_that_is_none_is_a_bad_request() =>
        Assert.Equal("badRequest", (await Edge.ProblemAsync(await _edge.Http.GetAsync("/v1/migrations?open=perhaps"), HttpStatusCode.BadRequest)).Code);

    [Theory]
    [InlineData("Idempotency-Key", "")]
    [InlineData("Idempotency-Key", "has a space")]
    [InlineData("If-Match", "17")]
    [InlineData("If-Match", "\"x\"")]
    public async Task A_bad_header_is_named(string name, string value)
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/migrations", """{ "vm": "vm-1", "destination": "host-b" }""", (name, value)), HttpStatusCode.BadRequest);
        Assert.Equal(name, Assert.Single(problem.Errors!).Key);
    }

    [Theory]
    [InlineData("""{ "name": "vm-1", "host": "host-a", "spec": { "driver": "xen", "memory": 1048576, "vcpus": 1 } }""", "$.spec.driver")]
    [InlineData("""{ "name": "vm-1", "host": "host-a", "spec": { "driver": "native", "memory": 1, "vcpus": 1 } }""", "$.spec.memory")]
    [InlineData("""{ "name": "vm-1", "host": "host-a", "spec": { "driver": "native", "memory": 1048576, "vcpus": 0 } }""", "$.spec.vcpus")]
    [InlineData("""{ "name": "vm-1", "host": "host-a", "spec": { "driver": "qemu", "memory": 1048576, "vcpus": 1 } }""", "$.spec.qemu")]
    [InlineData("""{ "name": "vm-1", "host": "host-a", "spec": { "driver": "native", "memory": 1048576, "vcpus": 1, "load": { "workingSet": 2097152, "dirtyRate": 1 } } }""", "$.spec.load.workingSet")]
    public async Task A_guest_that_no_host_could_run_is_refused(string body, string field)
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync("/v1/vms", body), HttpStatusCode.BadRequest);
        Assert.Equal(field, Assert.Single(problem.Errors!).Key);
    }

    [Theory]
    [InlineData("/v1/hosts/host-a:writeOff", """{ "reason": "burnt", "attestedOff": false }""", "$.attestedOff")]
    [InlineData("/v1/hosts/host-a:writeOff", """{ "reason": " ", "attestedOff": true }""", "$.reason")]
    [InlineData("/v1/migrations/m-001-00000000000a001:resolve", """{ "choice": "guess", "reason": "r" , "secondPerson": "bob" }""", "$.choice")]
    [InlineData("/v1/migrations/m-001-00000000000a001:resolve", """{ "choice": "resumeSource", "reason": "r" }""", "$.secondPerson")]
    public async Task A_decision_of_a_person_needs_a_person_and_a_reason(string path, string body, string field)
    {
        var problem = await Edge.ProblemAsync(await _edge.PostAsync(path, body), HttpStatusCode.BadRequest);
        Assert.Equal(field, Assert.Single(problem.Errors!).Key);
    }

    // Hides the length, so that the client must send chunks.
    private sealed class ChunkedContent(HttpContent inner) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => inner.CopyToAsync(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
