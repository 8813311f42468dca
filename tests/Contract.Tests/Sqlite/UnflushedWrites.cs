namespace Contract.Tests.Sqlite;

/// <summary>Writes since each file's last flush, so that a power loss can be played: any subset of them may have reached the disk.</summary>
public sealed class UnflushedWrites
{
    private readonly Lock _gate = new();
    private readonly List<Change> _changes = [];

    /// <param name="before">What the range held, as far as the file went.</param>
    /// <param name="data">What was written; null for a truncation at <paramref name="offset"/>.</param>
    public void Add(string path, long offset, byte[] before, byte[]? data, long sizeBefore)
    {
        lock (_gate) _changes.Add(new Change(path, offset, before, data, sizeBefore));
    }

    /// <summary>The file was flushed, or is gone.</summary>
    public void Forget(string path)
    {
        lock (_gate) _changes.RemoveAll(c => c.Path == path);
    }

    /// <summary>Puts the files into a state the disk may be in after a power loss. To be called when nobody has them open.</summary>
    /// <param name="survives">Asked for each unflushed write.</param>
    public void Lose(Func<bool> survives)
    {
        lock (_gate)
        {
            foreach (var group in _changes.GroupBy(c => c.Path).Where(g => File.Exists(g.Key)))
            {
                using var file = new FileStream(group.Key, FileMode.Open, FileAccess.ReadWrite);
                foreach (var change in group.Reverse()) change.Undo(file);
                foreach (var change in group)
                {
                    if (survives()) change.Do(file);
                }
            }
        }
    }

    private sealed record Change(string Path, long Offset, byte[] Before, byte[]? Data, long SizeBefore)
    {
        public void Undo(FileStream file)
        {
            file.Position = Offset;
            file.Write(Before);
            file.SetLength(SizeBefore);
        }

        public void Do(FileStream file)
        {
            if (Data is null)
            {
                file.SetLength(Math.Min(file.Length, Offset));
                return;
            }

            file.Position = Offset;
            file.Write(Data);
        }
    }
}
