using System.Security.Cryptography;
using System.Text;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Fake;

/// <summary>
/// A fake guest, whole: its file is its process. Its memory is one counter that grows by one a millisecond while its vCPUs run, also
/// while no agent looks, so that a rollback or a second copy shows.
/// </summary>
/// <param name="Counter">At <paramref name="RunningSince"/>, or now if it does not run.</param>
internal sealed record FakeGuestState(VmId Vm, GuestSpec Spec, GuestRunState State, long Counter, DateTimeOffset? RunningSince)
{
    public MigrationId? Migration { get; init; }

    public Epoch Epoch { get; init; }

    /// <summary>Pre-copy rounds done: what a guest-holder's owed bitmap is to a real transfer.</summary>
    public int Rounds { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>Of the memory as it stands.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Vm}/{Counter}")).AsSpan(0, 8));

    public long CounterAt(DateTimeOffset now) => RunningSince is { } since ? Counter + Math.Max(0, (long)(now - since).TotalMilliseconds) : Counter;

    public FakeGuestState Run(Epoch epoch, DateTimeOffset now) => this with { State = GuestRunState.Running, RunningSince = now, Epoch = epoch, Migration = null, PausedAt = null };

    public FakeGuestState Pause(MigrationId migration, DateTimeOffset now) =>
        this with { State = GuestRunState.Paused, Counter = CounterAt(now), RunningSince = null, Migration = migration, PausedAt = now };

    public FakeGuestState Load(long counter) => this with { State = GuestRunState.Loaded, Counter = counter };
}
