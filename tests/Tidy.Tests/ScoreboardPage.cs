namespace Tidy.Tests;

/// <summary>No figure on the scoreboard is typed by hand.</summary>
public sealed class ScoreboardPage
{
    [Fact]
    public void The_scoreboard_is_what_its_results_and_its_template_say()
    {
        var board = new Scoreboard.Board(Source.Path("."));
        Assert.True(File.ReadAllText(board.PagePath) == board.Page(), "docs/reference/scoreboard.md was edited, or its template or results were: run ./dev scoreboard");
    }
}
