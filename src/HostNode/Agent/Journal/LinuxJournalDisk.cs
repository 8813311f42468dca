using HostNode.Agent.Linux;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Agent.Journal;

/// <summary>A real directory, mode 0700, locked by <c>flock</c> on the file <c>lock</c> in it.</summary>
public sealed class LinuxJournalDisk : IJournalDisk
{
    private const string LockName = "lock";
    private readonly SafeFileHandle _lock;

    private LinuxJournalDisk(string path, SafeFileHandle locked)
    {
        Path = path;
        _lock = locked;
    }

    public string Path { get; }

    /// <param name="create">Make the directory if there is none (only <c>init</c> does).</param>
    /// <exception cref="JournalMissingException">No such directory.</exception>
    /// <exception cref="JournalBusyException">Another process has it.</exception>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be used.</exception>
    public static LinuxJournalDisk Open(string path, bool create)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(path))
        {
            if (!create) throw new JournalMissingException(path);
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (System.IO.Path.GetDirectoryName(path) is { } parent) Libc.FlushDirectory(parent);
        }

        var locked = Libc.OpenLocked(System.IO.Path.Combine(path, LockName)) ?? throw new JournalBusyException(path);
        return new LinuxJournalDisk(path, locked);
    }

    public IReadOnlyList<string> List() =>
        [.. Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file)).Where(name => name != LockName).Order(StringComparer.Ordinal)];

    public byte[] Read(string name) => File.ReadAllBytes(Full(name));

    public IJournalFile Create(string name) => new LinuxFile(Open(Full(name)));

    public void Rename(string from, string to) => File.Move(Full(from), Full(to), overwrite: true);

    public void Delete(string name) => File.Delete(Full(name));

    public void Flush() => Libc.FlushDirectory(Path);

    public void Dispose() => _lock.Dispose();

    private string Full(string name) => System.IO.Path.Combine(Path, name);

    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private sealed class LinuxFile(FileStream file) : IJournalFile
    {
        public void Append(ReadOnlySpan<byte> bytes) => file.Write(bytes);

        public void Flush() => Libc.FlushData(file.SafeFileHandle, file.Name);

        public void Dispose() => file.Dispose();
    }
}
