using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Coordinator.Server.Hosting;

/// <summary>Says to whoever started us where we listen; written whole (rename) once requests are served.</summary>
public sealed record ReadyFile(int Pid, string Http, string Hub)
{
    public static ReadyFile Of(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        return new ReadyFile(Environment.ProcessId, addresses[0], addresses[1].Replace("https://", "wss://", StringComparison.Ordinal) + Hub_);
    }

    public void Write(string path)
    {
        var half = path + ".half";
        File.WriteAllText(half, JsonSerializer.Serialize(this, ReadyFileJson.Default.ReadyFile));
        File.Move(half, path, overwrite: true);
    }

    private const string Hub_ = Coordinator.Server.Hub.HubEndpoint.Path;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReadyFile))]
internal sealed partial class ReadyFileJson : JsonSerializerContext;
