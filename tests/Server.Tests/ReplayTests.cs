using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;

namespace Server.Tests;

/// <summary>Stored histories decided again: real ones come out the same with today's code, and what differs or is no history is told.</summary>
public sealed class ReplayTests
{
    private static readonly string Streams = Path.Combine(Root(), "tests", "Histories", "streams");

    public static TheoryData<string> Histories() => [.. Directory.GetFiles(Streams, "*.jsonl").Select(f => Path.GetFileName(f)!).Order()];

    [Theory]
    [MemberData(nameof(Histories))]
    public void Every_stored_history_is_decided_the_same_by_todays_code(string file)
    {
        var (code, output, errors) = Replay(File.ReadAllText(Path.Combine(Streams, file)));

        Assert.True(code == ExitCodes.Stopped, $"{file}\n{output}{errors}");
        Assert.Contains("the same", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_history_whose_last_words_were_other_When_replayed_Then_the_first_difference_is_shown_with_its_cause()
    {
        var lines = Lines();
        var aborted = Array.FindIndex(lines, l => l.Contains("\"type\":\"MigrationAborted\"", StringComparison.Ordinal));
        lines[aborted] = lines[aborted].Replace("\"data\":{\"code\":\"cancelled\"", "\"data\":{\"code\":\"bored\"", StringComparison.Ordinal);

        var (code, output, _) = Replay(string.Join('\n', lines));

        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains($"differs at version {aborted + 1}", output, StringComparison.Ordinal);
        Assert.Contains("decided on  CancelMigration", output, StringComparison.Ordinal);
        Assert.Contains("then        MigrationAborted {\"code\":\"bored\"", output, StringComparison.Ordinal);
        Assert.Contains("now         MigrationAborted {\"code\":\"cancelled\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_decision_that_lost_its_second_event_When_replayed_Then_that_is_a_difference()
    {
        // The grant follows the forecast in one decision.
        var lines = File.ReadAllLines(Path.Combine(Streams, "completed-across-a-coordinator-kill.jsonl"));
        var granted = Array.FindIndex(lines, l => l.Contains("\"type\":\"SwitchoverGranted\"", StringComparison.Ordinal));

        var (code, output, _) = Replay(string.Join('\n', lines[..granted]));

        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("then        nothing more", output, StringComparison.Ordinal);
        Assert.Contains("now         SwitchoverGranted", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the history is empty")]
    [InlineData("not json", "line 1 is no event")]
    [InlineData("{\"x\":1}", "line 1 is no event: stream, type, actor, cause or data is missing")]
    [InlineData("[]", "line 1 is no event")]
    public void Given_what_is_no_history_When_replayed_Then_it_is_refused_in_one_line_with_a_hint(string text, string expected)
    {
        var (code, _, errors) = Replay(text);

        Assert.Equal(ExitCodes.Usage, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Contains("lm migrations events", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_history_with_a_gap_or_another_streams_event_When_replayed_Then_it_is_refused()
    {
        var lines = Lines();

        Assert.Contains("must begin at version 1", Replay(string.Join('\n', lines[1..])).Errors, StringComparison.Ordinal);
        Assert.Contains("is no migration", Replay(lines[0].Replace("\"stream\":\"migration-", "\"stream\":\"vm-", StringComparison.Ordinal)).Errors, StringComparison.Ordinal);
    }

    private static string[] Lines() => File.ReadAllLines(Path.Combine(Streams, "cancelled-in-pre-copy.jsonl"));

    private static (int Code, string Output, string Errors) Replay(string text)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        return (ReplayCommand.Run(new StringReader(text), "history", output, errors), output.ToString(), errors.ToString());
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Coordinator.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
