namespace Cluster.Tests.Given;

/// <summary>Which part of a matrix is run: the protocol's steps always, every place there is with <c>LM_FULL=1</c> (<c>./dev test --full</c>).</summary>
internal static class Matrix
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("LM_FULL") == "1";
}
