using System.Collections;
using System.Text;
using System.Text.Json;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;
using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary><c>coordinator archive</c> as its operator meets it: what was closed long ago leaves the log, and can still be read, verified and decided again.</summary>
public sealed class ArchiveCommandTests : IDisposable
{
    private const int Shards = 256;

    private readonly string _directory = Directory.CreateTempSubdirectory("lm-archive-").FullName;
    private readonly List<EventResource> _history;
    private readonly string _database;

    public ArchiveCommandTests()
    {
        var stored = Path.Combine(Repository.Root, "tests", "Histories", "streams", "cancelled-in-pre-copy.jsonl");
        _history = [.. File.ReadLines(stored).Select(line => JsonSerializer.Deserialize(line, ApiJson.Reader.EventResource)!)];
        _database = Path.Combine(_directory, "fleet.db");
        SqliteBackup.Write(_database, Lines());
    }

    private string Id => _history[0].Stream["migration-".Length..];

    private DateTimeOffset Closed => _history[^1].At;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_closed_long_ago_is_in_a_file_that_can_be_shown_and_decided_again()
    {
        var (code, output, errors) = Run(Closed.AddDays(ArchiveCommand.DaysKept + 1), _directory);

        Assert.Equal((ExitCodes.Stopped, ""), (code, errors));
        Assert.Contains($"1 closed streams with {_history.Count} events, read back and compared", output, StringComparison.Ordinal);
        var file = Assert.Single(Directory.GetFiles(_directory, "*.archive"));
        Assert.True(ArchiveCommand.IsArchive(file));
        // The database is whole without it.
        Assert.Equal(_history.Count, SqliteVerification.Run(_database));
        // And nothing of it is lost.
        var shown = Run(Closed, "show", file, Id);
        Assert.Equal(_history.Select(e => (e.Id, e.Type, e.Actor, e.Data.GetRawText())), shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize(line, ApiJson.Reader.EventResource)!).Select(e => (e.Id, e.Type, e.Actor, e.Data.GetRawText())));
        using var replayed = new StringWriter();
        Assert.Equal(ExitCodes.Stopped, ReplayCommand.Run(new StringReader(shown.Output), file, replayed, replayed));
        Assert.Contains("the same", replayed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_closed_of_late_stays()
    {
        var (code, output, _) = Run(Closed.AddDays(ArchiveCommand.DaysKept - 1), _directory);

        Assert.Equal(ExitCodes.Stopped, code);
        Assert.StartsWith("nothing was closed before", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory, "*.archive*"));
    }

    [Fact]
    public void Killed_before_the_log_was_emptied_it_archives_the_same_again()
    {
        var later = Closed.AddDays(ArchiveCommand.DaysKept + 1);
        var store = new StorePlace(_database, null);
        var first = Path.Combine(_directory, "killed.archive");
        using (var file = File.Create(first))
        {
            using var writer = new BackupWriter(file);
            foreach (var line in store.ReadClosed(Closed.AddDays(1), 10, later)) writer.Write(line);
            writer.Complete();
        }

        Assert.Contains($"what {_history.Count} events say", Run(later, _directory).Output, StringComparison.Ordinal);
        Assert.StartsWith("nothing was closed before", Run(later, _directory).Output, StringComparison.Ordinal);
        Assert.Equal(1, ArchiveCommand.Verify(first).Streams);
    }

    [Theory]
    [InlineData("usage: coordinator archive DIR", 2)]
    [InlineData("usage: coordinator archive DIR", 2, "show", "file")]
    [InlineData("--older-than needs a number of days, at least 2", 78, "/tmp", "--older-than", "1")]
    [InlineData("/nowhere is no directory", 78, "/nowhere")]
    public void What_is_not_understood_is_one_line_with_its_exit_code(string words, int code, params string[] arguments)
    {
        var (exit, output, errors) = Run(Closed, arguments);

        Assert.Equal((code, ""), (exit, output));
        Assert.StartsWith(words, errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_coordinator_says_where_an_archived_migration_is()
    {
        Run(Closed.AddDays(ArchiveCommand.DaysKept + 1), _directory);
        using var cluster = new TestCluster();
        using var server = ServerProcess.Start(cluster.Environment(), "--Sqlite:Path", _database, "--Shards", $"{Shards}");
        var (http, _) = await server.ServingAsync(cluster.File_("ready.json"));
        using var client = new HttpClient();

        foreach (var path in (string[])[$"/v1/migrations/{Id}", $"/v1/migrations/{Id}/events"])
        {
            using var answer = await client.GetAsync(http + path);
            Assert.Equal(410, (int)answer.StatusCode);
            Assert.Contains("coordinator archive show closed-", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private (int Exit, string Output, string Errors) Run(DateTimeOffset now, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var environment = new Hashtable { ["Coordinator__Sqlite__Path"] = _database, ["Coordinator__Shards"] = $"{Shards}" };
        return (ArchiveCommand.Run([ArchiveCommand.Name, .. arguments], environment, "/nowhere/appsettings.json", now, output, errors), output.ToString(), errors.ToString());
    }

    private IEnumerable<BackupLine> Lines()
    {
        var shard = MigrationId.Parse(Id).Shard;
        yield return new BackupHead(BackupHead.FormatNow, Shards, Closed, "test");
        for (var s = 0; s < Shards; s++) yield return new BackupShard(s, 3, s == shard ? _history.Count : 0);
        yield return new BackupStream(_history[0].Stream, shard, _history.Count, true, null, 0);
        foreach (var e in _history)
        {
            var meta = new EventMeta(e.Actor, e.Source, e.Reason, e.RequestId, e.Cause.Kind, e.Cause.Id, e.Cause.Body, null, e.Code ?? "");
            yield return new BackupEvent(
                shard, e.Version, e.Term, e.Stream, e.Version, e.Type, Math.Max(1, e.SchemaVersion), e.At, e.Data.GetRawText(), Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(meta, DomainJson.Default.EventMeta)));
        }
    }
}
