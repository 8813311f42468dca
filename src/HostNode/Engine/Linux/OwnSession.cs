namespace HostNode.Engine.Linux;

/// <summary>Cuts a process loose from whoever started it, so that it outlives its parent and the parent's terminal.</summary>
public static class OwnSession
{
    /// <summary>Own session (no terminal, no signals of the parent's group) and output to a file: a pipe of the parent would end us at its death.</summary>
    /// <param name="logPath">Appended to; <c>/dev/null</c> to throw output away.</param>
    public static void Enter(string logPath)
    {
        // Fails only if we lead a process group already (started by a shell's job control): then there is nothing to leave.
        _ = Libc.NewSession();
        Redirect("/dev/null", Libc.OpenReadOnly, 0);
        var log = Libc.Open(logPath, Libc.OpenCreate | Libc.OpenAppend | Libc.OpenCloexec | 1, 0x180);
        if (log < 0) throw Libc.Failure($"open {logPath}");
        if (Libc.Duplicate(log, 1) < 0 || Libc.Duplicate(log, 2) < 0) throw Libc.Failure("dup2");
        _ = Libc.Close(log);
    }

    private static void Redirect(string path, int flags, int target)
    {
        var descriptor = Libc.Open(path, flags | Libc.OpenCloexec, 0);
        if (descriptor < 0) throw Libc.Failure($"open {path}");
        if (Libc.Duplicate(descriptor, target) < 0) throw Libc.Failure("dup2");
        if (descriptor != target) _ = Libc.Close(descriptor);
    }
}
