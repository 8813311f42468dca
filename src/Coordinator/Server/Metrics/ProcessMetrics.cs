using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace Coordinator.Server.Metrics;

/// <summary>The conventional process metrics and the build.</summary>
public static class ProcessMetrics
{
    public const string MeterName = "lm.process";

    /// <summary>Registers the instruments; they live as long as the meter.</summary>
    public static void Register(Meter meter, string node)
    {
        var version = typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        using var self = Process.GetCurrentProcess();
        var started = new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableGauge("lm_build_info", () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", version), new("node", node)), description: "Always 1; the labels say what runs.");
        meter.CreateObservableGauge("process_start_time_seconds", () => started, description: "Start of the process, Unix time.");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, description: "User and system CPU time.");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, description: "Resident memory.");
        meter.CreateObservableGauge("process_open_fds", OpenFiles, description: "Open file descriptors.");
        meter.CreateObservableGauge("dotnet_gc_heap_bytes", () => GC.GetTotalMemory(false), description: "Managed heap.");
    }

    private static int OpenFiles()
    {
        try
        {
            return Directory.GetFileSystemEntries("/proc/self/fd").Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
