using System.CommandLine;

namespace Cli.Verbs;

/// <summary>Pieces that several verbs share.</summary>
internal static class Common
{
    public static Argument<string> Name(string kind) => new(kind.ToUpperInvariant()) { Description = $"Name of the {kind}." };

    public static Argument<string> MigrationName() => new("ID") { Description = "Id of the migration (m-…), or the name of its VM for the newest one." };

    public static Option<string?> Reason() => new("--reason") { Description = "Why; goes into the history." };

    /// <summary>A command whose action runs with a session and cannot be forgotten to be closed.</summary>
    public static Command Verb(string name, string description, IEnumerable<Symbol> symbols, Func<ParseResult, Session, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            using var session = Session.Of(parsed);
            return await run(parsed, session, cancellation);
        });
        return command;
    }

    public static string Escape(string name) => Uri.EscapeDataString(name);
}
