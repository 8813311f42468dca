namespace Coordinator.Shared.Contracts;

/// <summary>One finding of a precheck.</summary>
/// <param name="Code">Stable word, e.g. <c>memory.tooSmall</c>.</param>
/// <param name="Severity"><c>error</c> stops the migration, <c>warning</c> and <c>info</c> are told.</param>
/// <param name="Detail">One sentence: cause and place.</param>
/// <param name="Remedy">One sentence: what to do.</param>
public sealed record Problem(string Code, string Severity, string Detail, string Remedy)
{
    public static Problem Error(string code, string detail, string remedy) => new(code, "error", detail, remedy);

    public static Problem Warning(string code, string detail, string remedy) => new(code, "warning", detail, remedy);

    public static Problem Info(string code, string detail) => new(code, "info", detail, "");
}
