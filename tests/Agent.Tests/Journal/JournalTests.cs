using Coordinator.Shared.Identity;
using HostNode.Agent.Journal;
using HostNode.Agent.Machine;

namespace Agent.Tests.Journal;

public sealed class JournalTests
{
    private static readonly HostId HostA = HostId.Parse("host-a");
    private static readonly string Current = "journal-000002.log";

    [Fact]
    public void What_was_committed_is_read_again_in_order_after_every_start()
    {
        using var disk = Initialised();
        for (var start = 1; start <= 3; start++)
        {
            var (journal, records) = AgentJournal.Open(disk, HostA);
            using var open = journal;

            Assert.Equal(Expected(start - 1), records);
            journal.Append([new Started(start, "boot")]);
            journal.Append([new OrderSeen("vm-a", start), new VmRan(VmId.Parse("a"), new Epoch(start))]);
            journal.Commit();
        }
    }

    [Fact]
    public void A_journal_keeps_its_id_and_only_one_segment()
    {
        using var disk = Initialised();
        var ids = new HashSet<string>();
        for (var start = 1; start <= 3; start++)
        {
            using var journal = AgentJournal.Open(disk, HostA).Journal;
            ids.Add(journal.Id);
        }

        Assert.Single(ids);
        Assert.Equal(["journal-000004.log", "journal-head"], disk.List());
        using var other = Initialised();
        Assert.DoesNotContain(AgentJournal.Open(other, HostA).Journal.Id, ids);
    }

    [Fact]
    public void Several_steps_share_one_flush()
    {
        using var disk = Initialised();
        using var journal = AgentJournal.Open(disk, HostA).Journal;
        disk.FailAt(int.MaxValue);

        for (var i = 0; i < 50; i++) journal.Append([new OrderSeen("vm-a", i)]);
        journal.Commit();
        journal.Commit();

        Assert.Equal(2, disk.Calls); // one append, one flush
    }

    [Fact]
    public void A_missing_journal_refuses_and_says_what_to_run()
    {
        using var disk = new MemoryDisk();

        var refusal = Assert.Throws<JournalMissingException>(() => AgentJournal.Open(disk, HostA));

        Assert.Contains("host-agent init", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Init_never_overwrites_a_journal_not_even_a_damaged_one()
    {
        using var whole = Small();
        Assert.Throws<JournalExistsException>(() => AgentJournal.Initialise(whole, HostA));

        using var headless = Small();
        headless.Remove("journal-head");
        Assert.Throws<JournalExistsException>(() => AgentJournal.Initialise(headless, HostA));
    }

    [Fact]
    public void The_journal_of_another_host_is_refused()
    {
        using var disk = Small();

        Assert.Contains("host-a", Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostId.Parse("host-b"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("journal-000002.log")]
    [InlineData("journal-head")]
    public void Every_flipped_bit_refuses_and_names_file_and_offset(string name)
    {
        using var small = Small();
        var good = small[name];
        for (var at = 0; at < good.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var bad = (byte[])good.Clone();
                bad[at] ^= (byte)(1 << bit);
                using var disk = small.Copy();
                disk[name] = bad;

                var damage = Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostA));
                Assert.Equal(name, damage.File);
                Assert.InRange(damage.Offset, 0, at);
            }
        }
    }

    [Fact]
    public void A_segment_cut_anywhere_behind_its_base_loses_only_whole_steps_at_the_end()
    {
        using var small = Small();
        var good = small[Current];
        var seen = new HashSet<int>();
        for (var length = BaseLength(small); length <= good.Length; length++)
        {
            using var disk = small.Copy();
            disk[Current] = good[..length];

            var records = AgentJournal.Open(disk, HostA).Records;

            Assert.Equal(Expected(2).Take(records.Count), records);
            Assert.True(records.Count is not 2 and not 5, "half a step was read");
            seen.Add(records.Count);
        }

        Assert.Equal([0, 1, 3, 4, 6], seen.Order());
    }

    [Fact]
    public void A_segment_cut_within_its_base_refuses()
    {
        using var small = Reopened();
        var name = "journal-000003.log";
        var good = small[name];
        Assert.Equal(BaseLength(small), good.Length);
        for (var length = 0; length < good.Length; length++)
        {
            using var disk = small.Copy();
            disk[name] = good[..length];

            Assert.Equal(name, Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostA)).File);
        }
    }

    [Fact]
    public void Every_byte_missing_refuses_or_leaves_the_last_step_torn()
    {
        using var small = Small();
        var good = small[Current];
        var lastFrame = good.AsSpan().LastIndexOf("[{"u8) - 24;
        for (var at = 0; at < good.Length; at++)
        {
            using var disk = small.Copy();
            disk[Current] = [.. good[..at], .. good[(at + 1)..]];

            if (at < lastFrame + 24) Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostA));
            else Assert.Equal(Expected(2).Take(4), AgentJournal.Open(disk, HostA).Records);
        }
    }

    [Fact]
    public void A_torn_tail_is_cut_for_good()
    {
        using var disk = Small();
        disk[Current] = disk[Current][..^3];

        using (var journal = AgentJournal.Open(disk, HostA).Journal)
        {
            journal.Append([new OrderSeen("after", 1)]);
            journal.Commit();
        }

        Assert.Equal([.. Expected(2).Take(4), new OrderSeen("after", 1)], AgentJournal.Open(disk, HostA).Records);
    }

    [Fact]
    public void Segments_put_in_each_others_place_refuse()
    {
        using var old = Small();
        using var young = Reopened();
        young["journal-000003.log"] = old[Current];
        Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(young, HostA));

        using var other = Reopened(); // another journal id
        using var mine = Reopened();
        mine["journal-000003.log"] = other["journal-000003.log"];
        Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(mine, HostA));
    }

    [Fact]
    public void A_missing_segment_refuses_also_when_an_older_one_is_there()
    {
        using var disk = Reopened();
        disk["journal-000002.log"] = disk["journal-000003.log"];
        disk.Remove("journal-000003.log");

        Assert.Equal("journal-000003.log", Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostA)).File);
    }

    [Fact]
    public void A_segment_from_the_future_and_a_missing_head_refuse()
    {
        using var disk = Small();
        disk["journal-000009.log"] = [];
        Assert.Equal("journal-000009.log", Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(disk, HostA)).File);

        using var headless = Small();
        headless.Remove("journal-head");
        Assert.Equal("journal-head", Assert.Throws<JournalDamagedException>(() => AgentJournal.Open(headless, HostA)).File);
    }

    internal static IReadOnlyList<JournalRecord> Expected(int starts) =>
    [
        .. Enumerable.Range(1, starts).SelectMany(start => (IEnumerable<JournalRecord>)
        [
            new Started(start, "boot"), new OrderSeen("vm-a", start), new VmRan(VmId.Parse("a"), new Epoch(start)),
        ]),
    ];

    internal static MemoryDisk Initialised()
    {
        var disk = new MemoryDisk();
        AgentJournal.Initialise(disk, HostA);
        return disk;
    }

    // Segment 2: an empty base, then four steps of 1, 2, 1 and 2 records.
    private static MemoryDisk Small()
    {
        var disk = Initialised();
        using var journal = AgentJournal.Open(disk, HostA).Journal;
        foreach (var three in Expected(2).Chunk(3))
        {
            journal.Append([three[0]]);
            journal.Append([three[1], three[2]]);
            journal.Commit();
        }

        return disk;
    }

    // Segment 3: all of it as base.
    private static MemoryDisk Reopened()
    {
        var disk = Small();
        AgentJournal.Open(disk, HostA).Journal.Dispose();
        return disk;
    }

    private static int BaseLength(MemoryDisk disk) =>
        int.Parse(System.Text.Encoding.ASCII.GetString(disk["journal-head"]).Split(' ')[5], System.Globalization.CultureInfo.InvariantCulture);
}
