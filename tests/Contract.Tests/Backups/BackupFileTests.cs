using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Contract.Tests.Backups;

/// <summary>A backup is used whole or not at all.</summary>
public sealed class BackupFileTests
{
    private static readonly BackupLine[] Lines =
    [
        new BackupHead(1, 2, DateTimeOffset.UnixEpoch, "test"), new BackupShard(0, 3, 2), new BackupShard(1, 1, 0), new BackupStream("vm-a", 0, 2, false, null, 0),
        new BackupEvent(0, 1, 1, "vm-a", 1, "A", 1, DateTimeOffset.UnixEpoch, "{}", "{}"), new BackupEvent(0, 2, 3, "vm-a", 2, "B", 1, DateTimeOffset.UnixEpoch, "{\"x\":1}", "{}"),
        new BackupKey(new IdempotencyRecord("alice", "k", "h", "vm-a", DateTimeOffset.UnixEpoch)),
    ];

    internal static byte[] FileOf(IEnumerable<BackupLine> lines)
    {
        using var file = new MemoryStream();
        using (var writer = new BackupWriter(file))
        {
            foreach (var line in lines) writer.Write(line);
            writer.Complete();
        }

        return file.ToArray();
    }

    [Fact]
    public void What_was_written_is_read() => Assert.Equal(Lines, Read(FileOf(Lines)));

    [Fact]
    public void A_file_cut_at_any_length_is_refused_or_holds_all_the_same()
    {
        var file = FileOf(Lines);
        for (var length = 0; length < file.Length; length++) RefusedOrWhole(file[..length]);
        Assert.Throws<BackupDamagedException>(() => Read(file[..(file.Length / 2)]));
    }

    [Fact]
    public void A_bit_flipped_in_any_byte_is_refused_or_changes_nothing()
    {
        var file = FileOf(Lines);
        for (var at = 0; at < file.Length; at++)
        {
            var changed = file.ToArray();
            changed[at] ^= 1;
            RefusedOrWhole(changed);
        }
    }

    private static void RefusedOrWhole(byte[] file)
    {
        if (Record.Exception(() => Assert.Equal(Lines, Read(file))) is { } told) Assert.IsType<BackupDamagedException>(told);
    }

    public static TheoryData<string, int[]> Wrong() => new()
    {
        { "those before are missing", [0, 1, 2, 3, 5] },
        { "stands where it cannot", [1, 2] },
        { "stands where it cannot", [0, 1, 2, 3, 0] },
        { "the last events of shard 0 are missing", [0, 1, 2, 3, 4] },
        { "does not name every shard", [0, 1, 3, 4, 5] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Lines_that_are_not_a_whole_store_are_refused(string why, int[] lines)
    {
        var check = new BackupImport();
        var told = Assert.Throws<BackupDamagedException>(() =>
        {
            foreach (var line in lines) check.Check(Lines[line]);
            check.Complete();
        });
        Assert.Contains(why, told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backup_of_a_newer_program_is_refused_by_its_format()
    {
        var told = Assert.Throws<BackupDamagedException>(() => Read(FileOf([new BackupHead(2, 2, DateTimeOffset.UnixEpoch, "9.9")])));
        Assert.Equal("a backup of format 2, made by 9.9: this program knows 1", told.Message);
    }

    private static List<BackupLine> Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return [.. BackupReader.Read(stream)];
    }
}
