using HostNode.Engine.DirtyTracking;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.GuestHolder;

/// <summary>
/// Owns one guest: memory, bitmaps, write tracking and vCPUs. Decides nothing: it runs only when told, and never starts again
/// by itself after a pause, so a source stays guarded until its agent has the right to resume it.
/// </summary>
internal sealed class Holder : IDisposable
{
    private readonly HolderOptions _options;
    private readonly SyntheticProgram[] _programs;
    private readonly Vcpu[] _vcpus;
    private readonly VcpuGate _gate;
    private readonly Beat _beat;
    private readonly LedgerSocket? _ledger;
    private readonly MemoryFile _writtenFile;
    private readonly MemoryFile _owedFile;
    private readonly Lock _lock = new();
    private WriteTracking? _tracking;
    private HolderState _state;
    private long _epoch;
    private string? _label;
    private long _departures;
    private string? _digest;
    private DateTimeOffset? _pausedAt;
    private DateTimeOffset? _runningSince;

    public Holder(HolderOptions options)
    {
        _options = options;
        var layout = options.Layout;
        Memory = MemoryFile.Create("guest-" + options.Paths.Vm, layout.Memory);
        _writtenFile = MemoryFile.Create("written-" + options.Paths.Vm, PageBitmap.FileLength(layout.Memory));
        _owedFile = MemoryFile.Create("owed-" + options.Paths.Vm, PageBitmap.FileLength(layout.Memory));
        var written = new PageBitmap(_writtenFile, layout.Memory);
        _state = options.Incoming ? HolderState.Incoming : HolderState.Paused;
        _ledger = options.Ledger is null ? null : new LedgerSocket(options.Ledger);
        _gate = new VcpuGate(layout.Vcpus);
        _beat = new Beat(Memory, written, options.Paths.Vm, _ledger);
        _programs = [.. Enumerable.Range(0, layout.Vcpus).Select(n => new SyntheticProgram(Memory, written, layout, n))];
        var rate = (double)options.DirtyRate / SyntheticLayout.PageSize / layout.Vcpus;
        _vcpus = [.. Enumerable.Range(0, layout.Vcpus).Select(n => new Vcpu(_gate, _programs[n], rate, n == 0 ? _beat : null, n))];
    }

    /// <summary>
    /// Runs a small guest of its own for a moment, so that the code of the vCPUs is compiled before the memory arrives and not in the
    /// first milliseconds after the blackout.
    /// </summary>
    public static void WarmUp()
    {
        var layout = new SyntheticLayout(1 << 20, 1, 64 << 10);
        using var memory = MemoryFile.Create("warm-up", layout.Memory);
        using var bits = MemoryFile.Create("warm-up-bits", PageBitmap.FileLength(layout.Memory));
        var dirty = new PageBitmap(bits, layout.Memory);
        var program = new SyntheticProgram(memory, dirty, layout, 0);
        var beat = new Beat(memory, dirty, "warm-up", ledger: null);
        for (var i = 0; i < 200; i++) program.Step();
        beat.Strike();
        if (program.CheckAll() != 0) throw new InvalidOperationException("the synthetic guest contradicts itself");
    }

    public MemoryFile Memory { get; }

    /// <summary>Files that ride on the answer to <c>files</c>: memory, written bitmap, owed bitmap.</summary>
    public IReadOnlyList<MemoryFile> Files => [Memory, _writtenFile, _owedFile];

    public HolderReply Answer(HolderRequest request)
    {
        lock (_lock)
        {
            var error = Refusal(request);
            if (error is null)
            {
                try
                {
                    Do(request);
                }
                catch (IOException failed)
                {
                    error = failed.Message;
                }
            }

            return new HolderReply(error, Status());
        }
    }

    public void Dispose()
    {
        _tracking?.Dispose();
        _ledger?.Dispose();
    }

    private string? Refusal(HolderRequest request) => (request.Command, _state) switch
    {
        ("run", HolderState.Incoming) => "incomplete memory never runs",
        ("run", _) when request.Host is not { Length: > 0 and <= 63 } => "run needs a host name",
        ("pause", HolderState.Incoming or HolderState.Loaded) => "its vCPUs were never started",
        ("loaded", not (HolderState.Incoming or HolderState.Loaded)) => $"not incoming but {_state}",
        ("loaded" or "completed", _) when string.IsNullOrEmpty(request.Digest) => "a digest is needed",
        ("completed", not (HolderState.Paused or HolderState.Completed)) => $"not paused but {_state}",
        ("throttle", _) when request.Percent is < 0 or > 99 => "throttle is 0 to 99 percent",
        ("status" or "files" or "run" or "pause" or "throttle" or "label" or "loaded" or "completed" or "track" or "check" or "populate" or "quit", _) => null,
        _ => $"unknown command '{request.Command}'",
    };

    private void Do(HolderRequest request)
    {
        switch (request.Command)
        {
            case "run": Run(request.Epoch, request.Host!); break;
            case "pause": Pause(); break;
            case "throttle": Array.ForEach(_vcpus, v => v.ThrottlePercent = request.Percent); break;
            case "label": Label(request.Label); break;
            case "loaded": (_state, _digest, _label) = (HolderState.Loaded, request.Digest, request.Label); break;
            case "completed": (_state, _digest, _pausedAt) = (HolderState.Completed, request.Digest, request.PausedAt); break;
            case "track": Track(request.On); break;
            case "check": Check(); break;
            case "populate": Memory.Populate(); break;
        }
    }

    private void Run(long epoch, string host)
    {
        if (_state == HolderState.Running)
        {
            if (epoch == _epoch) return;
            _gate.Close();
        }
        else
        {
            (_digest, _pausedAt) = (null, null);
            Label(null);
            _runningSince = TimeProvider.System.GetUtcNow();
        }

        _epoch = epoch;
        _beat.RunsUnder(epoch, host);
        _state = HolderState.Running;
        _gate.Open();
    }

    private void Label(string? label)
    {
        _label = label;
        if (label is not null)
        {
            _departures++;
            return;
        }

        Array.ForEach(_vcpus, v => v.ThrottlePercent = 0);
        _tracking?.Unregister(Memory);
    }

    private void Pause()
    {
        if (_state != HolderState.Running) return;
        _gate.Close();
        _state = HolderState.Paused;
    }

    private void Track(bool on)
    {
        if (!on)
        {
            _tracking?.Unregister(Memory);
            return;
        }

        _tracking ??= WriteTracking.Open();
        _tracking.Register(Memory);
    }

    // The vCPUs stand still meanwhile: about 3 ms for 64 MiB of working set.
    private void Check()
    {
        if (_state == HolderState.Running) _gate.Close();
        foreach (var program in _programs) program.RecordErrors(program.CheckAll());
        if (_state == HolderState.Running) _gate.Open();
    }

    private HolderStatus Status() => new(
        _options.Paths.Vm, Environment.ProcessId, Memory.Address, Memory.Length, _options.Layout.Vcpus, _options.WorkingSet, _options.DirtyRate,
        _options.Ledger, _state, _epoch, _label, _departures, _digest, _pausedAt, _runningSince,
        _vcpus[0].ThrottlePercent, SyntheticProgram.PeekBeat(Memory) - 1, _programs.Sum(p => p.PagesWritten), _programs.Sum(p => p.ErrorsFound));
}
