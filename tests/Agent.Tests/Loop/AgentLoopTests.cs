using Agent.Tests.Journal;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent;
using HostNode.Agent.Journal;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Agent.Tests.Loop;

public sealed class AgentLoopTests : IDisposable
{
    private readonly MemoryDisk _disk = JournalTests.Initialised();
    private readonly Inbox _inbox = new();
    private readonly EchoMachine _machine = new();
    private readonly Effects _effects = new();
    private readonly ManualClock _clock = new();
    private readonly AgentJournal _journal;
    private readonly AgentLoop _loop;

    public AgentLoopTests()
    {
        _journal = AgentJournal.Open(_disk, HostId.Parse("host-a")).Journal;
        _disk.FailAt(int.MaxValue);
        _effects.Durable = () => AgentJournal.Open(_disk.AfterCrash(MemoryDisk.Survival.OnlyFlushed), HostId.Parse("host-a")).Records.Count;
        _loop = new AgentLoop(_inbox, _machine, _journal, _effects, _clock, Failpoints.None);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void Effects_run_in_order_once_their_records_are_durable()
    {
        for (var i = 0; i < 5; i++) Assert.True(_inbox.Post(Order(i)));
        _inbox.Close();

        _loop.Run();

        Assert.Equal(["order 0", "order 1", "order 2", "order 3", "order 4"], _effects.Ran);
        Assert.All(_effects.DurableThen, count => Assert.Equal(5, count));
    }

    [Fact]
    public void All_that_waits_shares_one_flush()
    {
        for (var i = 0; i < 200; i++) _inbox.Post(Order(i));
        _inbox.Close();

        _loop.Run();

        Assert.Equal(2, _disk.Calls); // one append, one flush
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_disk_that_fails_ends_the_loop_before_anything_is_said(int call)
    {
        _disk.FailAt(call);
        _inbox.Post(Order(1));
        _inbox.Close();

        Assert.Throws<JournalFailedException>(_loop.Run);

        Assert.Empty(_effects.Ran);
    }

    [Fact]
    public void The_first_step_is_durable_and_done_before_the_loop_runs()
    {
        _loop.RunOnce(new AgentStarted([], "boot"));

        Assert.Equal(["AgentStarted"], _effects.Ran);
        Assert.Equal([1], _effects.DurableThen);
    }

    [Fact]
    public async Task A_question_is_answered_between_steps_and_not_after_the_end()
    {
        _inbox.Post(Order(7));
        var answer = _inbox.Ask(machine => machine.StartCount);
        _inbox.Close();
        _loop.Run();

        Assert.Equal(1, await answer);
        await Assert.ThrowsAsync<TaskCanceledException>(() => _inbox.Ask(machine => machine.StartCount));
    }

    [Fact]
    public void A_full_inbox_drops_orders_but_never_what_a_driver_reports()
    {
        var taken = 0;
        while (_inbox.Post(Order(taken))) taken++;
        Assert.Equal(4096, taken);

        Assert.True(_inbox.Post(new HypervisorReported(new GuestDead(VmId.Parse("a")))));
        Assert.False(_inbox.Post(new HypervisorReported(new OutgoingProgress(VmId.Parse("a"), Sample()))));
        Assert.False(_inbox.Post(new Tick()));
    }

    private static AgentInput Order(int number) => new OrderReceived(new StopVm(VmId.Parse("a"), number, new Epoch(1)));

    private static ProgressSample Sample() => new(MigrationId.Create(1, Security.TestAuthority.Noon, 1), 1, default, default, default, default, 0);

    private sealed class EchoMachine : IAgentMachine
    {
        public long StartCount { get; private set; }

        public IReadOnlyList<SubjectMark> Marks => [];

        public IReadOnlyList<VmWord> Words => [];

        public string? Restore => null;

        public IReadOnlyList<GuestFact> Guests => [];

        public void Fold(JournalRecord record)
        {
        }

        public AgentStep Step(AgentInput input, DateTimeOffset at)
        {
            if (input is Tick) return AgentStep.Nothing;
            StartCount++;
            var text = input is OrderReceived order ? $"order {order.Order.Number}" : input.GetType().Name;
            return new AgentStep([new OrderSeen(text, StartCount)], [new LogLine("info", null, null, null, text)]);
        }

        public HostId? MigrationSource(MigrationId migration, Epoch epoch) => null;
    }

    private sealed class Effects : IEffectRunner
    {
        public Func<int> Durable { get; set; } = () => 0;

        public List<string> Ran { get; } = [];

        public List<int> DurableThen { get; } = [];

        public void Run(AgentEffect effect, MigrationRole? role)
        {
            Ran.Add(((LogLine)effect).Text);
            DurableThen.Add(Durable());
        }
    }
}
