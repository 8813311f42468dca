namespace HostNode.Engine.Guests;

/// <summary>Files of one guest-holder in the run directory.</summary>
public sealed record HolderPaths(string Directory, string Vm)
{
    public string Socket => Path.Combine(Directory, Vm + ".sock");

    public string ProcessNumber => Path.Combine(Directory, Vm + ".pid");

    public string Log => Path.Combine(Directory, Vm + ".log");

    /// <summary>All holders that left a socket, whether they live or not.</summary>
    public static IReadOnlyList<HolderPaths> All(string directory) =>
        System.IO.Directory.Exists(directory)
            ? [.. System.IO.Directory.EnumerateFiles(directory, "*.sock").Order(StringComparer.Ordinal).Select(f => new HolderPaths(directory, Path.GetFileNameWithoutExtension(f)))]
            : [];

    /// <summary>Removes them; safe to repeat.</summary>
    public void Delete()
    {
        File.Delete(Socket);
        File.Delete(ProcessNumber);
        File.Delete(Log);
    }
}
