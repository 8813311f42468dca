namespace Coordinator.Shared.Identity;

/// <summary>Which shard owns a stream: a fixed hash of a name, the same in every process and for the life of a database.</summary>
public static class Shards
{
    public const int CountDefault = 256;

    public const int CountMax = 4096;

    /// <param name="name">VM id, host id, evacuation id or permit pool.</param>
    /// <param name="count">Shards of this database, 1 to 4096.</param>
    public static int Of(string name, int count)
    {
        var hash = Hash(name);
        return (int)((hash ^ (hash >> 32)) % (uint)count);
    }

    /// <summary>FNV-1a over UTF-16 units: string.GetHashCode differs from process to process. Names that differ in their last letter differ in few bits.</summary>
    public static ulong Hash(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name) hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }
}
