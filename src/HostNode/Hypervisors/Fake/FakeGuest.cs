using System.Text.Json;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Fake;

/// <summary>A guest's file and what this agent does with it. Changes are atomic: a killed agent leaves the state before or after.</summary>
internal sealed class FakeGuest(string path, VmId vm, FakeLedger ledger, TimeProvider clock)
{
    private readonly Lock _lock = new();

    public VmId Vm => vm;

    /// <summary>The transfer this agent runs for it, if any.</summary>
    public FakeOutgoing? Outgoing { get; set; }

    /// <summary>Number of the newest memory link: streams of a lower one are dropped.</summary>
    public long Link { get; set; }

    /// <summary>The guest now, null if its process is gone.</summary>
    public FakeGuestState? Read()
    {
        lock (_lock) return ReadFile();
    }

    /// <summary>Changes the guest if the change gives a new state; returns what it is now.</summary>
    public FakeGuestState? Change(Func<FakeGuestState?, FakeGuestState?> change)
    {
        lock (_lock)
        {
            var before = ReadFile();
            var after = change(before);
            if (after == before) return before;

            // The witness hears of a run before it begins and of a pause after it: so it never misses an overlap.
            if (after is { State: GuestRunState.Running }) ledger.Write(after, before is null ? "start" : "run", clock.GetUtcNow());
            if (after is null) File.Delete(path);
            else WriteFile(after);
            if (before is { State: GuestRunState.Running } && after is not { State: GuestRunState.Running })
            {
                ledger.Write(after ?? before, after is null ? "dead" : "pause", clock.GetUtcNow());
            }

            return after;
        }
    }

    private FakeGuestState? ReadFile()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), FakeJson.Default.FakeGuestState);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void WriteFile(FakeGuestState state)
    {
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(state, FakeJson.Default.FakeGuestState));
        File.Move(path + ".new", path, overwrite: true);
    }
}
