using System.Text.Json;

namespace Server.Tests;

/// <summary>The contract is committed: a change of it is a diff that somebody reviews.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_served_document_is_the_committed_one()
    {
        await using var edge = await Edge.StartAsync();
        using var served = JsonDocument.Parse(await edge.Http.GetStringAsync("/openapi/v1.json"));
        var text = JsonSerializer.Serialize(served.RootElement, Indented) + "\n";
        var file = Path.Combine(Repository.Root, "docs", "reference", "openapi.json");
        if (Environment.GetEnvironmentVariable("LM_WRITE_OPENAPI") == "1") await File.WriteAllTextAsync(file, text);

        Assert.True(File.Exists(file) && await File.ReadAllTextAsync(file) == text, $"the API's document differs from {file}: look at the difference, then write it with LM_WRITE_OPENAPI=1");
    }

    [Fact]
    public async Task Every_operation_has_a_summary_an_id_and_problems_and_every_command_its_headers()
    {
        await using var edge = await Edge.StartAsync();
        using var document = JsonDocument.Parse(await edge.Http.GetStringAsync("/openapi/v1.json"));
        var ids = new HashSet<string>();
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
                Assert.True(ids.Add(operation.Value.GetProperty("operationId").GetString()!));
                Assert.True(operation.Value.GetProperty("responses").TryGetProperty("400", out _), path.Name);
                if (operation.Name == "post") Assert.Contains("Idempotency-Key", operation.Value.GetProperty("parameters").ToString());
            }
        }

        Assert.True(ids.Count >= 24, $"{ids.Count} operations");
    }
}
