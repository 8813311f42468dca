using System.Diagnostics;
using HostNode.Engine.Guests;

namespace HostNode.GuestHolder;

/// <summary>One vCPU: a thread that writes pages at its share of the dirty rate. Allocates nothing once it runs.</summary>
internal sealed class Vcpu
{
    private const int TickMs = 5;
    private const int FillBatch = 64;

    // After a stop or a stall there is no burst over this much of the rate.
    private const double BurstSeconds = 0.05;

    private readonly VcpuGate _gate;
    private readonly SyntheticProgram _program;
    private readonly Beat? _beat;
    private readonly double _pagesPerSecond;
    private volatile int _throttlePercent;
    private double _credit;

    /// <param name="pagesPerSecond">This vCPU's share.</param>
    /// <param name="beat">The guest's counter, for exactly one of the vCPUs.</param>
    public Vcpu(VcpuGate gate, SyntheticProgram program, double pagesPerSecond, Beat? beat, int number)
    {
        _gate = gate;
        _program = program;
        _pagesPerSecond = pagesPerSecond;
        _beat = beat;
        new Thread(Run) { IsBackground = true, Name = $"vcpu-{number}" }.Start();
    }

    public int ThrottlePercent
    {
        get => _throttlePercent;
        set => _throttlePercent = value;
    }

    private void Run()
    {
        var last = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_gate.IsClosed)
            {
                _gate.Park();
                last = Stopwatch.GetTimestamp();
                _credit = 0;
            }

            var now = Stopwatch.GetTimestamp();
            _beat?.Strike();
            if (_program.HasWork) Write((double)(now - last) / Stopwatch.Frequency);
            last = now;
            if (!_program.HasWork || _program.IsFilled) _gate.Idle(TickMs);
        }
    }

    private void Write(double elapsed)
    {
        if (!_program.IsFilled)
        {
            for (var i = 0; i < FillBatch && !_gate.IsClosed && !_program.IsFilled; i++) _program.Step();
            return;
        }

        var rate = _pagesPerSecond * (100 - _throttlePercent) / 100;
        _credit = Math.Min(_credit + (rate * elapsed), Math.Max(1, rate * BurstSeconds));
        while (_credit >= 1 && !_gate.IsClosed)
        {
            _program.Step();
            _credit--;
        }
    }
}
