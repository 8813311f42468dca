using System.Globalization;
using System.Text;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Fake;

/// <summary>
/// A witness outside the protocol, one file a guest, shared by all hosts of a test: <c>host epoch start|run|pause|dead counter</c>, in the
/// order it happened. A start is a new life: its memory begins at zero.
/// </summary>
public sealed class FakeLedger(string root, HostId host)
{
    internal void Write(FakeGuestState guest, string what, DateTimeOffset now)
    {
        Directory.CreateDirectory(Path.Combine(root, "ledger"));
        var line = string.Create(CultureInfo.InvariantCulture, $"{host} {guest.Epoch} {what} {guest.CounterAt(now)}\n");
        using var file = new FileStream(FileOf(root, guest.Vm), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Write(Encoding.ASCII.GetBytes(line));
    }

    /// <summary>Where a guest ran twice at once, lost writes, or ran under an epoch lower than before; empty if all is well.</summary>
    public static IReadOnlyList<string> Violations(string root, VmId vm)
    {
        var path = FileOf(root, vm);
        if (!File.Exists(path)) return [];
        var found = new List<string>();
        string? running = null;
        var (counter, epoch) = (0L, 0L);
        foreach (var (number, line) in File.ReadLines(path).Index())
        {
            var words = line.Split(' ');
            var (who, when, what, count) = (words[0], Parse(words[1]), words[2], Parse(words[3]));
            var runs = what is "start" or "run";
            if (what == "start") counter = 0;
            if (runs && running is not null && running != who) found.Add($"line {number + 1}: {who} runs while {running} runs");
            if (runs && when < epoch) found.Add($"line {number + 1}: epoch {when} after {epoch}");
            if (what != "dead" && count < counter) found.Add($"line {number + 1}: counter fell from {counter} to {count}");
            running = runs ? who : running == who ? null : running;
            (counter, epoch) = (Math.Max(counter, count), Math.Max(epoch, when));
        }

        return found;
    }

    private static long Parse(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string FileOf(string root, VmId vm) => Path.Combine(root, "ledger", vm.Value + ".log");
}
