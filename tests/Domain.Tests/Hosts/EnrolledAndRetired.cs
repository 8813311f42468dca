using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Domain.Tests.Hosts;

/// <summary>What a host in each state says to those who come and go.</summary>
public sealed class EnrolledAndRetired
{
    private static readonly HostId A = new("host-a");
    private static readonly HostFacts Facts = new(new ByteCount(1 << 30), 4, "127.0.0.1", 7500, ["native"], []);
    private static readonly Admit Hello = new(A, "journal-1", 1, "boot-1", Facts);
    private static readonly CapacityClaim Guest = new(new VmId("web-1"), new ByteCount(1 << 20), 1);

    private static readonly HostState Enrolled = Fold(new HostEnrolled(A, "new rack"));
    private static readonly HostState Ready = Fold(new HostAdmitted(A, "journal-1", 1, "boot-1", Facts));
    private static readonly HostState Cordoned = Fold(new HostAdmitted(A, "journal-1", 1, "boot-1", Facts), new HostCordoned("leaves"));
    private static readonly HostState Holding = Fold(new HostAdmitted(A, "journal-1", 1, "boot-1", Facts), new CapacityClaimed("vm-web-1", Guest), new HostCordoned("leaves"));
    private static readonly HostState Retired = Fold(new HostAdmitted(A, "journal-1", 1, "boot-1", Facts), new HostCordoned("leaves"), new HostRetired("sold"));
    private static readonly HostState Off = Fold(new HostAdmitted(A, "journal-1", 1, "boot-1", Facts), new HostDeclaredLost("burnt", "alice"));

    public static TheoryData<string, string, string> Table()
    {
        (string, HostState)[] states =
            [("unknown", HostState.Unknown), ("enrolled", Enrolled), ("ready", Ready), ("cordoned", Cordoned), ("holding", Holding), ("retired", Retired), ("written off", Off)];
        (string, HostInput)[] inputs =
        [
            ("hello", Hello), ("hello, enrolment required", Hello with { EnrolmentRequired = true }), ("enrol", new Enrol(A, "new rack")), ("retire", new Retire("sold")),
            ("uncordon", new Uncordon("back")), ("write off", new WriteOff("burnt", "alice")), ("claim", new ClaimCapacity("migration-1", Guest, Occupies: false)),
        ];
        var table = new TheoryData<string, string, string>();
        foreach (var (state, s) in states) foreach (var (input, i) in inputs) table.Add(state, input, Said(HostDecider.Decide(s, i)));
        return table;
    }

    [Fact]
    public void Every_pair_of_state_and_input_is_named_in_the_table() =>
        Expectation.Check("Hosts/host-table.expect", string.Concat(Table().Select(row => $"{row[0],-12} {row[1],-26} -> {row[2]}\n")));

    [Fact]
    public void A_name_that_was_retired_or_written_off_is_never_used_again()
    {
        foreach (var gone in (HostState[])[Retired, Off])
        {
            Assert.NotNull(HostDecider.Decide(gone, new Enrol(A, "again")).Refusal);
            Assert.NotNull(HostDecider.Decide(gone, Hello with { JournalId = "journal-2" }).Refusal);
            Assert.NotNull(HostDecider.Decide(gone, new Uncordon("again")).Refusal);
        }
    }

    private static string Said(Coordinator.Domain.Decision<HostEvent> decision) => decision switch
    {
        { Refusal: { } refusal } => "refused " + refusal.Code,
        { Events.Count: 0 } => "nothing",
        _ => string.Join(", ", decision.Events.Select(e => e is CapacityRefused r ? $"CapacityRefused({r.Problem.Code})" : e.GetType().Name)),
    };

    private static HostState Fold(params HostEvent[] events) => events.Aggregate(HostState.Unknown, HostEvolution.Evolve);
}
