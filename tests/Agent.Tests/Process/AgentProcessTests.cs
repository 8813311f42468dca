using System.Net;
using System.Net.Sockets;
using Agent.Tests.Security;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Coordinator.Shared.Units;

namespace Agent.Tests.Process;

/// <summary>Starts and ends of a real agent process.</summary>
public sealed class AgentProcessTests : IAsyncLifetime
{
    private static readonly VmId Vm = VmId.Parse("db-1");
    private readonly TestAuthority _authority = TestAuthority.Today();
    private readonly string _root = Directory.CreateTempSubdirectory("lm-agent-").FullName;
    private TestHub _hub = null!;
    private AgentUnderTest _agent = null!;

    public async Task InitializeAsync()
    {
        _hub = await TestHub.StartAsync(_authority.Coordinator("c1"));
        _agent = new AgentUnderTest(_root, "host-a", _authority, [_hub.Address]);
    }

    public async Task DisposeAsync()
    {
        _agent.Dispose();
        await _hub.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Without_a_journal_the_agent_refuses_with_exit_78_and_says_what_to_run()
    {
        _agent.Start();

        Assert.Equal(78, await _agent.ExitAsync());
        Assert.Contains("host-agent init", _agent.Output, StringComparison.Ordinal);
        Assert.Single(_agent.Output.Split('\n'));
        Assert.Empty(_hub.Hellos);
    }

    [Fact]
    public void Init_creates_a_journal_once()
    {
        _agent.Init();

        var (exit, error) = AgentUnderTest.Finish("init", "--dir", _agent.Journal, "--host", "host-a");

        Assert.Equal(78, exit);
        Assert.Contains("never overwrites", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_start_counts_and_says_the_same_journal_and_boot()
    {
        _agent.Init();
        for (var start = 1; start <= 2; start++)
        {
            _agent.Start();
            await _agent.LoggedAsync("hub.linked");
            await _agent.KillAsync();
            Assert.Equal(137, _agent.ExitCode);
        }

        var hellos = _hub.Hellos.ToArray();
        Assert.Equal([1, 2], hellos.Select(hello => hello.StartCount));
        Assert.Single(hellos.Select(hello => (hello.JournalId, hello.BootId)).Distinct());
        Assert.Equal(["fake"], hellos[0].Facts.Drivers);
        Assert.Equal(_agent.Port, hellos[0].Facts.PeerPort);
    }

    [Fact]
    public async Task Sigterm_ends_the_agent_with_0_and_its_guest_runs_on()
    {
        _agent.Init();
        await StartGuestAsync();

        Assert.Equal(0, await _agent.TerminateAsync());

        Assert.Contains("\"running\"", File.ReadAllText(Path.Combine(_agent.FakeDirectory, "db-1.json")).ToLowerInvariant(), StringComparison.Ordinal);
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        var fact = Assert.Single(_hub.Hellos.Last().Guests);
        Assert.True(fact.Running);
        Assert.Equal(new Epoch(1), fact.Epoch);
    }

    [Fact]
    public async Task A_guest_that_ended_while_no_agent_looked_is_reported_gone()
    {
        _agent.Init();
        await StartGuestAsync();
        await _agent.KillAsync();
        File.Delete(Path.Combine(_agent.FakeDirectory, "db-1.json"));

        var gone = Expect<VmGone>();
        _agent.Start();

        Assert.Equal(Vm, (await gone).Vm);
    }

    [Fact]
    public async Task A_report_is_sent_again_on_the_next_link_until_it_is_acknowledged()
    {
        _agent.Init();
        var seen = 0;
        var acknowledged = new TaskCompletionSource();
        _hub.Reported = (host, report) =>
        {
            if (report.Report is not VmRunning) return true;
            if (Interlocked.Increment(ref seen) < 3)
            {
                _hub.Cut(host);
                return false;
            }

            acknowledged.TrySetResult();
            return true;
        };
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        await _hub.SendAsync(_agent.Host, new HubOrder(Start()));

        await acknowledged.Task.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(3, seen);
    }

    [Fact]
    public async Task A_second_agent_on_the_journal_of_a_running_one_ends_with_75()
    {
        _agent.Init();
        _agent.Start();
        await _agent.LoggedAsync("agent.started");

        var (exit, error) = AgentUnderTest.Finish("run", "--config", _agent.ConfigFile);

        Assert.Equal(75, exit);
        Assert.Contains("in use by another agent", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_and_exit_78()
    {
        _agent.Init();
        using var squatter = new TcpListener(IPAddress.Loopback, _agent.Port);
        squatter.Start();

        _agent.Start();

        Assert.Equal(78, await _agent.ExitAsync());
        Assert.Contains($"cannot listen on 127.0.0.1:{_agent.Port}", Assert.Single(_agent.Output.Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_variable_is_one_line_and_exit_78()
    {
        _agent.Start(failpoint: null, ("HostAgent__PeerPrt", "1"));

        Assert.Equal(78, await _agent.ExitAsync());
        Assert.Equal("host-agent: unknown key PeerPrt (from environment variable HostAgent__PeerPrt); did you mean PeerPort?", _agent.Output);
    }

    [Fact]
    public async Task An_unknown_failpoint_is_refused()
    {
        _agent.Init();
        _agent.Start("after-persist:intend");

        Assert.Equal(78, await _agent.ExitAsync());
    }

    [Fact]
    public async Task A_flipped_byte_in_the_journal_refuses_with_file_and_offset_and_says_nothing_to_anybody()
    {
        _agent.Init();
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        await _agent.KillAsync();
        var segment = Directory.GetFiles(_agent.Journal, "journal-*.log").Single();
        var bytes = File.ReadAllBytes(segment);
        bytes[^5] ^= 1;
        File.WriteAllBytes(segment, bytes);

        _agent.Start();

        Assert.Equal(78, await _agent.ExitAsync());
        Assert.Contains($"journal damaged: {Path.GetFileName(segment)} at byte ", Assert.Single(_agent.Output.Split('\n')), StringComparison.Ordinal);
        Assert.Single(_hub.Hellos);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_and_the_agent_starts()
    {
        _agent.Init();
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        await _agent.KillAsync();
        var segment = Directory.GetFiles(_agent.Journal, "journal-*.log").Single();
        using (var file = File.OpenWrite(segment)) file.SetLength(file.Length - 5);

        _agent.Start();

        // The record of start 1 was torn, so this one is the first again; a coordinator that has seen start 1 refuses such a journal.
        await _agent.LoggedAsync("hub.linked");
        Assert.Equal([1, 1], _hub.Hellos.Select(hello => hello.StartCount));
    }

    [Fact]
    public async Task A_full_disk_ends_the_agent_with_74_and_the_next_start_reads_what_was_durable()
    {
        _agent.Init();
        _agent.StartOnFullDisk(kibibytes: 4);
        await _agent.LoggedAsync("hub.linked");
        var number = 0L;
        while (!_agent.HasExited && number < 10_000) await _hub.SendAsync(_agent.Host, new HubOrder(Start() with { Number = ++number }));

        Assert.Equal(74, await _agent.ExitAsync());
        Assert.Contains("cannot write the journal", _agent.Output, StringComparison.Ordinal);
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        Assert.InRange(_hub.Hellos.Last().HighestSeen.Single().Number, 1, number);
    }

    [Fact]
    public async Task The_certificate_of_another_host_is_refused_before_anything_is_said()
    {
        _agent.Init();
        var other = _authority.Issue(PeerIdentity.OfHost(HostId.Parse("host-b")));
        File.WriteAllText(Path.Combine(_agent.Directory, "host.pem"), other.Certificate);
        File.WriteAllText(Path.Combine(_agent.Directory, "host.key"), other.Key);

        _agent.Start();

        Assert.Equal(78, await _agent.ExitAsync());
        Assert.Contains("is of host host-b, but Host is host-a", _agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_superseded_journal_stops_the_agent_with_77()
    {
        _agent.Init();
        _hub.Welcome = _ => new HubRefusal(HubRefusalCodes.JournalSuperseded, "host-a was replaced");
        _agent.Start();

        Assert.Equal(77, await _agent.ExitAsync());
        Assert.Contains("host-a was replaced", _agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_refusal_is_tried_again()
    {
        _agent.Init();
        _hub.Welcome = _ => _hub.Hellos.Count == 1 ? new HubRefusal(HubRefusalCodes.Busy, "too many") : new HubWelcome("test", 2);
        _agent.Start();

        await _agent.LoggedAsync("hub.linked");
        Assert.Equal(2, _hub.Hellos.Count);
    }

    [Fact]
    public async Task A_coordinator_of_a_foreign_authority_gets_no_hello_and_the_next_address_is_tried()
    {
        await using var foreign = await TestHub.StartAsync(TestAuthority.Today().Coordinator("c1"));
        await using var host = await TestHub.StartAsync(_authority.Host("host-b"));
        using var agent = new AgentUnderTest(_root, "host-c", _authority, [foreign.Address, host.Address, _hub.Address]);
        agent.Init();
        agent.Start();

        await agent.LoggedAsync("hub.linked");
        Assert.Empty(foreign.Hellos);
        Assert.Empty(host.Hellos);
        Assert.Contains("ForeignAuthority", agent.Output, StringComparison.Ordinal);
        Assert.Contains("WrongIdentity", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeats_come_by_themselves()
    {
        _agent.Init();
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (_hub.Others.Count(message => message is AgentHeartbeat) < 2) await Task.Delay(20, patience.Token);
    }

    private static StartVm Start() => new(Vm, 1, new Epoch(1), new GuestSpec("fake", ByteCount.FromMebi(64), 1));

    private async Task StartGuestAsync()
    {
        var running = Expect<VmRunning>();
        _agent.Start();
        await _agent.LoggedAsync("hub.linked");
        await _hub.SendAsync(_agent.Host, new HubOrder(Start()));
        await running;
    }

    private Task<T> Expect<T>()
        where T : Report
    {
        var seen = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _hub.Reported = (_, report) =>
        {
            if (report.Report is T wanted) seen.TrySetResult(wanted);
            return true;
        };
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(120));
    }
}
