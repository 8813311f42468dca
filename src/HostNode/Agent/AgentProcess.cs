using System.Net;
using System.Net.Sockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Security;
using HostNode.Agent.Configuration;
using HostNode.Agent.Journal;
using HostNode.Agent.Links;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace HostNode.Agent;

/// <summary>
/// All parts of a running agent, put together in the order that makes a start safe: the operating system is read first, then the
/// journal is read and made durable anew, then the machine's first step is durable, and only then can anybody reach this host.
/// </summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly AgentConfig _config;
    private readonly AgentLog _log;
    private readonly Inbox _inbox = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly DriverSet _drivers;
    private readonly AgentJournal _journal;
    private readonly PeerServer _server;
    private readonly PeerLinks _peers;
    private readonly HubLink _hub;
    private readonly EffectRunner _effects;
    private readonly AgentLoop _loop;
    private readonly IReadOnlyList<Problem> _notes;
    private readonly string _bootId;
    private int _exitCode = ExitCode.Success;

    private AgentProcess(AgentConfig config, LinuxJournalDisk disk, CredentialFiles credentials, TimeProvider clock, Failpoints failpoints, AgentLog log)
    {
        (_config, _log) = (config, log);
        _bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var connector = new PeerConnector(credentials, config.PlainMemory, clock);
        _drivers = new DriverSet([.. config.Drivers.Select(name => DriverFactory.Create(name, config, _inbox, connector, clock))]);
        _notes = _drivers.SelfTest();
        var guests = _drivers.Discover();

        (_journal, var records) = AgentJournal.Open(disk, config.Host);
        _server = Listen(credentials, clock);
        var own = new TransferEndpoint(config.Address.ToString(), _server.Port, HypervisorPort: null);
        var machine = new AgentMachine(new AgentIdentity(config.Host, own), token => new TokenVerifier(credentials.Current().Trusted).Problem(token)?.ToString());
        foreach (var record in records) machine.Fold(record);

        _peers = new PeerLinks(credentials, _inbox.Post, clock, failpoints, log);
        _hub = new HubLink(HubOptions(credentials, clock, failpoints), new ReportQueue(clock) { StartCount = machine.StartCount + 1 });
        _effects = new EffectRunner(_drivers, _hub, _peers, _inbox, failpoints, log);
        _loop = new AgentLoop(_inbox, machine, _journal, _effects, clock, failpoints) { Recorded = LogRecord };
        _loop.RunOnce(new AgentStarted(guests, _bootId));
        log.Info("agent.started", $"host-agent {RunVerb.Version}", ("host", config.Host), ("start", machine.StartCount), ("journal", _journal.Id),
            ("peer", $"{own.Address}:{own.PeerPort}"), ("guests", guests.Count), ("records", records.Count));
    }

    /// <exception cref="ConfigException">Something configured cannot be had.</exception>
    /// <exception cref="JournalException">The journal cannot be used.</exception>
    public static AgentProcess Start(
        AgentConfig config, LinuxJournalDisk disk, CredentialFiles credentials, TimeProvider clock, Failpoints failpoints, AgentLog log) =>
        new(config, disk, credentials, clock, failpoints, log);

    /// <summary>Until <see cref="Stop"/>; the calling thread is the machine's. Ends the process at once if the journal fails or a part of us is broken.</summary>
    public int Run()
    {
        _server.Start();
        var hub = Task.Run(() => _hub.RunAsync(_stopping.Token));
        _ = hub.ContinueWith(broken => Die(ExitCode.Software, broken.Exception!), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        try
        {
            _loop.Run();
        }
        catch (Exception e)
        {
            Die(e is JournalFailedException ? ExitCode.InputOutput : ExitCode.Software, e);
        }

        _stopping.Cancel();
        hub.Wait();
        return _exitCode;
    }

    /// <summary>From any thread. What waits is still made durable; guests stay as they are.</summary>
    public void Stop(int exitCode)
    {
        _exitCode = exitCode;
        _inbox.Close();
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        _peers.Dispose();
        _hub.Dispose();
        await _drivers.DisposeAsync();
        _journal.Dispose();
        _stopping.Dispose();
    }

    private void LogRecord(JournalRecord record)
    {
        // A number seen is no change of state; the start has a line of its own.
        if (record is OrderSeen or Started) return;
        var (vm, migration, epoch) = Kinds.Subject(record);
        _log.Info("journal." + Kinds.Of(record), Kinds.ReasonOf(record), ("vm", vm), ("migration", migration), ("epoch", epoch));
    }

    // Fail-stop (hand-off, R2): nothing is said any more; the guests do not notice, and the next start reads the journal.
    private void Die(int exitCode, Exception cause)
    {
        _log.Error("agent.failed", exitCode == ExitCode.InputOutput ? cause.Message : cause.ToString());
        Environment.Exit(exitCode);
    }

    private PeerServer Listen(CredentialFiles credentials, TimeProvider clock)
    {
        try
        {
            return new PeerServer(new IPEndPoint(_config.Address, _config.PeerPort), new PeerServerOptions
            {
                Credentials = credentials,
                Plain = _config.PlainMemory,
                Clock = clock,
                Log = _log,
                Control = (host, stream) => _peers.Adopt(host, stream),
                MemorySource = hello => _inbox.Ask(machine => machine.MigrationSource(hello.Migration, hello.Epoch)).GetAwaiter().GetResult(),
                Memory = (hello, stream) => _effects.AcceptMemory(hello, stream),
            });
        }
        catch (SocketException e)
        {
            throw new ConfigException($"Address, PeerPort: cannot listen on {_config.Address}:{_config.PeerPort}: {e.Message}");
        }
    }

    private HubLinkOptions HubOptions(CredentialFiles credentials, TimeProvider clock, Failpoints failpoints) => new()
    {
        Coordinators = _config.Coordinators,
        Credentials = credentials,
        Hello = () => _inbox.Ask(Hello),
        Post = _inbox.Post,
        Superseded = refusal =>
        {
            _log.Error("agent.superseded", $"{refusal.Detail}; this agent answers nothing any more", ("code", refusal.Code));
            Stop(ExitCode.Superseded);
        },
        Clock = clock,
        Failpoints = failpoints,
        Log = _log,
    };

    private AgentHello Hello(IAgentMachine machine)
    {
        var facts = new HostFacts(_config.Memory, _config.Cpus, _config.Address.ToString(), _server.Port, _drivers.Names, _notes);
        return new AgentHello(_config.Host, _journal.Id, machine.StartCount, _bootId, RunVerb.Version, facts, machine.Guests, machine.Marks)
        {
            Words = machine.Words,
            Restore = machine.Restore,
            Contracts = ContractVersion.Current.ToString(),
        };
    }
}
