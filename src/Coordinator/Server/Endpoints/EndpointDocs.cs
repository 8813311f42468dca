using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary>What every endpoint says about itself in the OpenAPI document.</summary>
internal static class EndpointDocs
{
    private const string ProblemJson = "application/problem+json";

    /// <param name="refusals">Statuses of problem+json answers beyond 400 and 403, which any request can get.</param>
    public static RouteHandlerBuilder Says(this RouteHandlerBuilder builder, string operationId, string tag, string summary, string description, params int[] refusals)
    {
        builder.WithName(operationId).WithTags(tag).WithSummary(summary).WithDescription(description);
        foreach (var status in refusals.Concat([400, 403]).Distinct().Order()) builder.Produces<ProblemBody>(status, ProblemJson);
        return builder;
    }

    /// <summary>A command: takes a body and an Idempotency-Key.</summary>
    public static RouteHandlerBuilder Command<TBody, TAnswer>(this RouteHandlerBuilder builder, bool bodyOptional, params int[] good) where TBody : notnull
    {
        builder.Accepts<TBody>(bodyOptional, "application/json").WithMetadata(CommandMark.Instance);
        foreach (var status in good) builder.Produces<TAnswer>(status);
        foreach (var status in new[] { 409, 412, 413, 415, 422 }) builder.Produces<ProblemBody>(status, ProblemJson);
        return builder;
    }
}

/// <summary>Marks commands, so that the document names their headers.</summary>
internal sealed class CommandMark
{
    public static readonly CommandMark Instance = new();
}
