using Coordinator.Shared.Identity;
using HostNode.Agent.Journal;
using HostNode.Agent.Machine;

namespace Agent.Tests.Journal;

/// <summary>Every call to the disk fails once, in every place, and the power goes with it.</summary>
public sealed class JournalFaultTests
{
    private static readonly HostId HostA = HostId.Parse("host-a");

    [Fact]
    public void Whatever_call_fails_nothing_committed_is_lost_and_nothing_is_invented()
    {
        var calls = CountCalls();
        Assert.InRange(calls, 15, 200);
        for (var fail = 1; fail <= calls; fail++)
        {
            foreach (var survival in Enum.GetValues<MemoryDisk.Survival>())
            {
                using var disk = JournalTests.Initialised();
                disk.FailAt(fail);
                var committed = RunUntilItFails(disk);

                using var after = disk.AfterCrash(survival);
                var records = AgentJournal.Open(after, HostA).Records;

                Assert.True(records.Count >= committed, $"call {fail}, {survival}: {committed} committed, {records.Count} read");
                Assert.Equal(JournalTests.Expected(3).Take(records.Count), records);
            }
        }
    }

    [Fact]
    public void After_a_failed_flush_the_journal_takes_nothing_more()
    {
        using var disk = JournalTests.Initialised();
        using var journal = AgentJournal.Open(disk, HostA).Journal;
        disk.FailAt(2);
        journal.Append([new Started(1, "boot")]);

        Assert.Throws<JournalFailedException>(journal.Commit);

        Assert.Throws<JournalFailedException>(() => journal.Append([new Started(2, "boot")]));
        Assert.Throws<JournalFailedException>(journal.Commit);
    }

    [Fact]
    public void Whatever_call_fails_during_init_it_can_be_run_again()
    {
        using var counting = new MemoryDisk();
        AgentJournal.Initialise(counting, HostA);
        for (var fail = 1; fail <= counting.Calls; fail++)
        {
            foreach (var survival in Enum.GetValues<MemoryDisk.Survival>())
            {
                using var disk = new MemoryDisk();
                disk.FailAt(fail);
                Assert.Throws<JournalFailedException>(() => AgentJournal.Initialise(disk, HostA));

                using var after = disk.AfterCrash(survival);
                if (!after.List().Contains("journal-head"))
                {
                    Assert.Throws<JournalMissingException>(() => AgentJournal.Open(after, HostA));
                    AgentJournal.Initialise(after, HostA);
                }

                Assert.Empty(AgentJournal.Open(after, HostA).Records);
            }
        }
    }

    private static int CountCalls()
    {
        using var disk = JournalTests.Initialised();
        disk.FailAt(int.MaxValue);
        Assert.Equal(9, RunUntilItFails(disk));
        return disk.Calls;
    }

    // Two starts, three commits of three records in two steps; returns how many records were committed.
    private static int RunUntilItFails(MemoryDisk disk)
    {
        var committed = 0;
        try
        {
            foreach (var starts in new[] { 1, 2 })
            {
                using var journal = AgentJournal.Open(disk, HostA).Journal;
                for (var i = 0; i < starts; i++)
                {
                    var three = JournalTests.Expected(3).Skip(committed).Take(3).ToArray();
                    journal.Append([three[0]]);
                    journal.Append([three[1], three[2]]);
                    journal.Commit();
                    committed += 3;
                }
            }
        }
        catch (JournalFailedException)
        {
        }

        return committed;
    }
}
