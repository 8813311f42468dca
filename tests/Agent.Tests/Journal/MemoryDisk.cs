using HostNode.Agent.Journal;

namespace Agent.Tests.Journal;

/// <summary>
/// A directory in memory that is nastier than a real one: call number <c>failAt</c> throws, half of the bytes of a failing append stay,
/// and a crash keeps of everything not flushed either nothing, a part or all.
/// </summary>
internal sealed class MemoryDisk : IJournalDisk
{
    private readonly Dictionary<string, MemoryFile> _names = [];
    private Dictionary<string, MemoryFile> _durableNames = [];
    private int _failAt = int.MaxValue;

    public int Calls { get; private set; }

    public string Path => "/memory";

    /// <summary>Bytes of a file as they are now, for a test to spoil.</summary>
    public byte[] this[string name]
    {
        get => [.. _names[name].Content];
        set => _names[name] = _durableNames[name] = new MemoryFile(this, value);
    }

    public void FailAt(int call)
    {
        Calls = 0;
        _failAt = call;
    }

    /// <summary>What a new process finds after this one and the power went.</summary>
    public MemoryDisk AfterCrash(Survival survival)
    {
        var after = new MemoryDisk();
        foreach (var (name, file) in survival == Survival.All ? _names : _durableNames)
        {
            after._names[name] = new MemoryFile(after, file.After(survival));
        }

        after._durableNames = new(after._names);
        return after;
    }

    public MemoryDisk Copy() => AfterCrash(Survival.All);

    public void Remove(string name)
    {
        _names.Remove(name);
        _durableNames.Remove(name);
    }

    public IReadOnlyList<string> List()
    {
        Call();
        return [.. _names.Keys.Order(StringComparer.Ordinal)];
    }

    public byte[] Read(string name)
    {
        Call();
        return [.. _names[name].Content];
    }

    public IJournalFile Create(string name)
    {
        Call();
        var file = new MemoryFile(this, []);
        if (!_names.TryAdd(name, file)) throw new IOException("exists: " + name);
        return file;
    }

    public void Rename(string from, string to)
    {
        Call();
        _names[to] = _names[from];
        _names.Remove(from);
    }

    public void Delete(string name)
    {
        Call();
        _names.Remove(name);
    }

    public void Flush()
    {
        Call();
        _durableNames = new(_names);
    }

    public void Dispose()
    {
    }

    private void Call()
    {
        if (++Calls == _failAt) throw new IOException("disk fault at call " + Calls);
    }

    internal enum Survival
    {
        OnlyFlushed,
        HalfOfTheRest,
        All,
    }

    private sealed class MemoryFile(MemoryDisk disk, byte[] content) : IJournalFile
    {
        private int _durable = content.Length;

        public List<byte> Content { get; } = [.. content];

        public byte[] After(Survival survival) => [.. Content.Take(survival switch
        {
            Survival.OnlyFlushed => _durable,
            Survival.HalfOfTheRest => _durable + ((Content.Count - _durable) / 2),
            _ => Content.Count,
        })];

        public void Append(ReadOnlySpan<byte> bytes)
        {
            var half = bytes[..(bytes.Length / 2)];
            Content.AddRange(half);
            disk.Call();
            Content.AddRange(bytes[half.Length..]);
        }

        public void Flush()
        {
            disk.Call();
            _durable = Content.Count;
        }

        public void Dispose()
        {
        }
    }
}
