using System.Runtime.InteropServices;

namespace Coordinator.Server.Hosting;

/// <summary>A file that is there whole or not at all, also after the power was lost.</summary>
internal static class DurableFile
{
    /// <summary>Writes beside <paramref name="path"/> and renames at the end.</summary>
    /// <exception cref="IOException">The disk refused, or the file exists: what stands there is never written over.</exception>
    public static void Create(string path, Action<Stream> write)
    {
        if (File.Exists(path)) throw new IOException($"{path} exists: name another file");
        var partial = path + ".partial";
        using (var file = new FileStream(partial, FileMode.Create, FileAccess.ReadWrite))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        Publish(partial, path);
    }

    /// <summary>Gives a file that is whole and on the disk its name.</summary>
    public static void Publish(string partial, string path)
    {
        File.Move(partial, path, overwrite: false);
        var directory = open(Path.GetDirectoryName(Path.GetFullPath(path))!, 0);
        if (directory < 0 || fsync(directory) != 0) throw new IOException($"the directory of {path} cannot be flushed to the disk (errno {Marshal.GetLastPInvokeError()})");
        _ = close(directory);
    }

#pragma warning disable CA2101, CA5392, SYSLIB1054 // libc is found by the loader's own rules; the path is UTF-8
    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int descriptor);

    [DllImport("libc")]
    private static extern int close(int descriptor);
#pragma warning restore CA2101, CA5392, SYSLIB1054
}
