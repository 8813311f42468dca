using System.Diagnostics;

namespace HostNode.Hypervisors.Qemu;

/// <summary>Starts QEMU so that it outlives this process: own session, no pipe of ours, output to a file.</summary>
internal static class QemuLauncher
{
    // QEMU makes its own session by -daemonize and returns when its monitors listen, or fails with a word in the log.
    // The shell only redirects: what is inherited otherwise may be a pipe that breaks when the agent dies.
    private const string Redirect = "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1";

    /// <summary>Starts a stopped guest in a fresh directory, labelled before it lives, and gives its process.</summary>
    /// <exception cref="QmpException">It did not start; the message has QEMU's last words. Nothing is left running.</exception>
    public static async Task<QemuProcess> StartAsync(GuestFiles files, GuestLabel label, QemuOptions options, CancellationToken stop)
    {
        var spec = label.Spec ?? throw new ArgumentException("a guest that is started has a specification", nameof(label));
        files.Create();
        files.WriteLabel(label);
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        foreach (var argument in (string[])["-c", Redirect, "sh", files.Log, options.QemuPath]) start.ArgumentList.Add(argument);
        var incoming = label.Role == GuestRole.Incoming;
        foreach (var argument in QemuCommandLine.Build(files, spec, options, incoming)) start.ArgumentList.Add(argument);
        using var starter = Process.Start(start) ?? throw new QmpException("no process was started");
        using var late = new CancellationTokenSource(options.StartTimeout, options.Time);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await starter.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            starter.Kill(entireProcessTree: true);
            await EndAsync(files, options).ConfigureAwait(false);
            throw new QmpException($"QEMU did not start within {options.StartTimeout.TotalSeconds:0.#} s");
        }

        if (starter.ExitCode == 0 && Running(files) is { } process) return process;
        await EndAsync(files, options).ConfigureAwait(false);
        throw new QmpException($"QEMU did not start (exit code {starter.ExitCode}): {files.LastWords()}");
    }

    /// <summary>The live process that belongs to this directory, or null. A stale pid file is not believed.</summary>
    public static QemuProcess? Running(GuestFiles files) =>
        files.ReadPid() is { } id && QemuProcess.Find(id) is { } process && process.HasArgument(files.PidFile) ? process : null;

    private static async Task EndAsync(GuestFiles files, QemuOptions options)
    {
        if (Running(files) is { } process) await process.KillAsync(options.Time).ConfigureAwait(false);
        files.RemoveAllButLogs();
    }
}
