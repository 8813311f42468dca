using Coordinator.Application.Backup;

namespace Contract.Tests.Backups;

/// <summary>An archive holds whole streams, and is not taken for a backup.</summary>
public sealed class ArchiveFileTests
{
    private static readonly BackupLine[] Lines =
    [
        new BackupHead(1, 2, DateTimeOffset.UnixEpoch, "test", BackupHead.Archive), new BackupStream("m-1", 0, 2, true, null, 0), Event("m-1", 1), Event("m-1", 2),
        new BackupStream("m-2", 1, 1, true, null, 0), Event("m-2", 1),
    ];

    [Fact]
    public void Whole_streams_are_an_archive()
    {
        var check = Checked([0, 1, 2, 3, 4, 5]);
        Assert.Equal((2, 3), (check.Streams, check.Events));
    }

    public static TheoryData<string, int[]> Wrong() => new()
    {
        { "m-1 ends with version 1 of 2", [0, 1, 2] },
        { "m-1 ends with version 1 of 2", [0, 1, 2, 4, 5] },
        { "m-1 goes on with version 2 after 0", [0, 1, 3] },
        { "stands where it cannot", [0, 1, 5] },
        { "stands where it cannot", [1] },
        { "it is empty", [] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Lines_that_are_not_whole_streams_are_refused(string why, int[] lines) =>
        Assert.Contains(why, Assert.Throws<BackupDamagedException>(() => Checked(lines)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_archive_is_not_restored_and_a_backup_is_no_archive()
    {
        Assert.Contains("closed streams only", Assert.Throws<BackupDamagedException>(() => new BackupImport().Check(Lines[0])).Message, StringComparison.Ordinal);
        Assert.Contains("no archive", Assert.Throws<BackupDamagedException>(() => new ArchiveCheck().Check(new BackupHead(1, 2, DateTimeOffset.UnixEpoch, "test"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "{\"archive\":\"a \\u0022b\\u0022.archive\"}")]
    [InlineData(2, "{}")]
    public void The_first_event_of_a_stream_names_the_file(int version, string body) => Assert.Equal(body, ArchivedEvent.BodyOf(version, "a \"b\".archive"));

    private static BackupEvent Event(string stream, int version) => new(0, version, 1, stream, version, "A", 1, DateTimeOffset.UnixEpoch, "{}", "{}");

    private static ArchiveCheck Checked(int[] lines)
    {
        var check = new ArchiveCheck();
        foreach (var line in lines) check.Check(Lines[line]);
        check.Complete();
        return check;
    }
}
