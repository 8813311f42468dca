using System.Buffers;
using System.Security.Cryptography;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Integrity;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Journal;

/// <summary>
/// What this host has promised, durable before anybody hears of it. One thread. At each start everything read is copied into a new
/// flushed segment before it is acted on: a record read from the page cache of a dead process may not be on the disk yet.
/// <code>
///   start:  read head → read its segment → write the copy → flush → rename → flush directory → new head (the same way) → delete the old segment
/// </code>
/// A crash anywhere in between leaves the old head with its segment, or the new ones.
/// </summary>
public sealed class AgentJournal : IDisposable
{
    private const string Temporary = ".tmp";
    private readonly IJournalDisk _disk;
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private IJournalFile? _file;
    private uint _previous;
    private ulong _sequence;
    private bool _failed;

    private AgentJournal(IJournalDisk disk, JournalHead head)
    {
        _disk = disk;
        Id = head.JournalId;
        Host = head.Host;
    }

    /// <summary>Random id, made by <see cref="Initialise"/>: a host id belongs to exactly one journal.</summary>
    public string Id { get; }

    public HostId Host { get; }

    /// <summary>Makes an empty journal with a new id.</summary>
    /// <exception cref="JournalExistsException">There is one, or what is left of one.</exception>
    /// <exception cref="JournalFailedException">The disk failed; may be called again.</exception>
    public static void Initialise(IJournalDisk disk, HostId host)
    {
        Guard("cannot create the journal", () =>
        {
            var names = disk.List();
            if (names.Contains(JournalHead.FileName) || names.Any(name => Segment.NumberOf(name) is { } number && !IsUnfinished(disk, name, number)))
            {
                throw new JournalExistsException(disk.Path);
            }

            foreach (var name in names.Where(IsOurs)) disk.Delete(name);
            var head = new JournalHead(RandomNumberGenerator.GetHexString(32, lowercase: true), host, Segment: 1, BaseLength: 0);
            using var journal = new AgentJournal(disk, head);
            journal.StartSegment(head, []);
        });
    }

    /// <summary>Reads everything and makes it durable anew. Only then may the records be acted on.</summary>
    /// <exception cref="JournalMissingException">No journal here.</exception>
    /// <exception cref="JournalDamagedException">Not what was written, or of another host.</exception>
    /// <exception cref="JournalFailedException">The disk failed.</exception>
    public static (AgentJournal Journal, IReadOnlyList<JournalRecord> Records) Open(IJournalDisk disk, HostId host) => Guard("cannot open the journal", () =>
    {
        var head = ReadHead(disk, host);
        var steps = Segment.Read(head, disk.Read(Segment.FileName(head.Segment)));
        var journal = new AgentJournal(disk, head);
        try
        {
            journal.StartSegment(head with { Segment = head.Segment + 1 }, steps);
        }
        catch
        {
            journal.Dispose();
            throw;
        }

        return (journal, (IReadOnlyList<JournalRecord>)[.. steps.SelectMany(step => step.Records)]);
    });

    /// <summary>Takes the records of one step; they are durable, together or not at all, after <see cref="Commit"/>.</summary>
    public void Append(IReadOnlyList<JournalRecord> step)
    {
        if (_failed) throw new JournalFailedException("cannot append to the journal", null);
        if (step.Count == 0) return;
        _previous = Segment.Write(_waiting, ++_sequence, _previous, Segment.Payload([.. step]));
    }

    /// <summary>Everything appended is durable when this returns; one flush, however many steps.</summary>
    /// <exception cref="JournalFailedException">It may or may not be. End the process: nothing more is accepted.</exception>
    public void Commit()
    {
        if (_failed) throw new JournalFailedException("cannot write the journal", null);
        if (_waiting.WrittenCount == 0) return;
        _failed = true;
        Guard("cannot write the journal", () =>
        {
            _file!.Append(_waiting.WrittenSpan);
            _file.Flush();
        });
        _waiting.ResetWrittenCount();
        _failed = false;
    }

    public void Dispose() => _file?.Dispose();

    private static JournalHead ReadHead(IJournalDisk disk, HostId host)
    {
        var names = disk.List();
        if (!names.Contains(JournalHead.FileName))
        {
            throw names.Any(name => Segment.NumberOf(name) is { } number && !IsUnfinished(disk, name, number))
                ? new JournalDamagedException(JournalHead.FileName, 0, "missing, although there are segments")
                : new JournalMissingException(disk.Path);
        }

        var head = JournalHead.Decode(disk.Read(JournalHead.FileName));
        if (head.Host != host) throw new JournalDamagedException(JournalHead.FileName, 0, $"the journal of host {head.Host}, not of {host}");
        var current = Segment.FileName(head.Segment);
        if (!names.Contains(current)) throw new JournalDamagedException(current, 0, "missing, although the head names it");

        // The next number is a copy that a crash left unnamed; a higher one was never made by this journal.
        var foreign = names.FirstOrDefault(name => Segment.NumberOf(name) > head.Segment + 1);
        return foreign is null ? head : throw new JournalDamagedException(foreign, 0, $"newer than segment {head.Segment}, which the head names");
    }

    // init crashed before it wrote a head: its first segment is empty and stood for nothing yet.
    private static bool IsUnfinished(IJournalDisk disk, string name, int number) => number == 1 && !disk.Read(name).AsSpan().ContainsAny((byte)'{', (byte)'[');

    private static bool IsOurs(string name) =>
        Segment.NumberOf(name) is not null || name.StartsWith("journal-", StringComparison.Ordinal) && name.EndsWith(Temporary, StringComparison.Ordinal);

    private void StartSegment(JournalHead head, List<SegmentStep> steps)
    {
        var current = Segment.FileName(head.Segment);
        Remove(name => name == current || name.EndsWith(Temporary, StringComparison.Ordinal));
        var copy = new ArrayBufferWriter<byte>();
        var header = Segment.Header(head.JournalId, head.Host, head.Segment);
        copy.Write(header);
        _previous = Crc32C.Of(header);
        foreach (var step in steps) _previous = Segment.Write(copy, ++_sequence, _previous, step.Payload);
        _file = Replace(current, copy.WrittenSpan);
        using (Replace(JournalHead.FileName, (head with { BaseLength = copy.WrittenCount }).Encode()))
        {
        }

        Remove(name => Segment.NumberOf(name) is not null && name != current);
        _disk.Flush();
    }

    private IJournalFile Replace(string name, ReadOnlySpan<byte> content)
    {
        var file = _disk.Create(name + Temporary);
        try
        {
            file.Append(content);
            file.Flush();
            _disk.Rename(name + Temporary, name);
            _disk.Flush();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Remove(Func<string, bool> which)
    {
        foreach (var name in _disk.List().Where(name => IsOurs(name) && which(name))) _disk.Delete(name);
    }

    private static void Guard(string what, Action action) => Guard(what, () =>
    {
        action();
        return true;
    });

    private static T Guard<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is not JournalException)
        {
            // Whatever it is called: .NET says ArgumentOutOfRangeException where the kernel says EFBIG.
            throw new JournalFailedException(what, e);
        }
    }
}
