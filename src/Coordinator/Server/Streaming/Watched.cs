using System.Text.Json.Serialization.Metadata;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Streaming;

/// <summary>What is watched.</summary>
/// <param name="Stream">Key of its events.</param>
/// <param name="Read">As it is now; null if there is none.</param>
/// <param name="IsOver">Nothing more can come.</param>
/// <param name="Missing">The answer if there is none.</param>
/// <param name="LookAgainAfter">Null: it changes only with its stream and what is told to the feed.</param>
public sealed record Watched<T>(
    string Stream, Func<T?> Read, Func<T, Metadata> Metadata, Func<T, bool> IsOver, JsonTypeInfo<T> Type, ApiProblem Missing, TimeSpan? LookAgainAfter = null) where T : class;
