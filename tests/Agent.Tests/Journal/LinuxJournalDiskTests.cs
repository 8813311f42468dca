using Coordinator.Shared.Identity;
using HostNode.Agent.Journal;
using HostNode.Agent.Machine;

namespace Agent.Tests.Journal;

public sealed class LinuxJournalDiskTests : IDisposable
{
    private static readonly HostId HostA = HostId.Parse("host-a");
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("lm-journal-").FullName, "journal");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public void A_journal_lives_in_a_private_directory_and_is_read_again()
    {
        using (var disk = LinuxJournalDisk.Open(_path, create: true)) AgentJournal.Initialise(disk, HostA);
        using (var disk = LinuxJournalDisk.Open(_path, create: false))
        {
            using var journal = AgentJournal.Open(disk, HostA).Journal;
            journal.Append([new Started(1, "boot")]);
            journal.Commit();
        }

        using var again = LinuxJournalDisk.Open(_path, create: false);
        Assert.Equal([new Started(1, "boot")], AgentJournal.Open(again, HostA).Records);
        const UnixFileMode others = (UnixFileMode)0b000_111_111;
        Assert.All(Directory.GetFiles(_path).Append(_path), path => Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(path) & others));
    }

    [Fact]
    public void A_second_agent_on_the_same_journal_is_refused_until_the_first_lets_go()
    {
        using (LinuxJournalDisk.Open(_path, create: true))
        {
            Assert.Throws<JournalBusyException>(() => LinuxJournalDisk.Open(_path, create: false));
        }

        LinuxJournalDisk.Open(_path, create: false).Dispose();
    }

    [Fact]
    public void A_missing_directory_is_a_missing_journal() =>
        Assert.Throws<JournalMissingException>(() => LinuxJournalDisk.Open(_path, create: false));
}
