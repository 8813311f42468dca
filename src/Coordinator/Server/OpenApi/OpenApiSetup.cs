using System.Text.Json;
using Coordinator.Server.Endpoints;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Coordinator.Server.OpenApi;

/// <summary>The OpenAPI document: the same on every machine, so that it can be committed and compared.</summary>
internal static class OpenApiSetup
{
    private const string NamePattern = "^[a-z0-9][a-z0-9.-]{0,62}$";

    public static void AddLmOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Live-migration coordinator", Version = "v1",
                Description = "Moves running VMs between hosts and can always say what happened and why. Errors are application/problem+json with a stable code.",
            };
            // The address is the installation's, not the contract's.
            document.Servers?.Clear();
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<CommandMark>().Any()) AddCommandHeaders(operation);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            Describe(schema, Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
    });

    private static void AddCommandHeaders(OpenApiOperation operation)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "Idempotency-Key", In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 128 },
            Description = "Makes the call safe to repeat for 24 hours; the same key with another body is refused (422).",
        });
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "If-Match", In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            Description = "Etag of the resource the decision was made on; refused with 412 if it has changed since.",
        });
    }

    // Types with their own converter: the generator cannot see what they look like on the wire.
    private static void Describe(OpenApiSchema schema, Type type)
    {
        if (type == typeof(ByteCount)) Number(schema, "Bytes.");
        else if (type == typeof(ByteRate)) Number(schema, "Bytes per second.");
        else if (type == typeof(VmId) || type == typeof(HostId)) Name(schema, NamePattern);
        else if (type == typeof(MigrationId)) Name(schema, "^m-[0-9a-f]{3}-[0-9a-f]{15}$");
        else if (type == typeof(EvacuationId)) Name(schema, "^e-[0-9a-f]{3}-[0-9a-f]{15}$");
        else if (type == typeof(JsonElement)) schema.Description = "Fields of the event; they depend on its type.";
    }

    private static void Number(OpenApiSchema schema, string description) =>
        (schema.Type, schema.Format, schema.Description) = (JsonSchemaType.Integer, "int64", description);

    private static void Name(OpenApiSchema schema, string pattern) => (schema.Type, schema.Pattern) = (JsonSchemaType.String, pattern);
}
