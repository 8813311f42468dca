using HostNode.Agent.Machine;
using Simulator;

namespace Simulation.Tests.Conformance;

/// <summary>What whole simulated clusters do is what the model allows, step by step.</summary>
public sealed class WholeRuns
{
    private sealed class AsksTooEarly : Mutation
    {
        // A source that has just written INTENT asks its destination to refuse: no copy is lost by that, and no request stays open.
        public override AgentStep Steps(SimHost host, AgentInput input, AgentStep step)
        {
            foreach (var record in step.Records)
            {
                if (record is not IntentJournaled { Grant.Token: var t }) continue;
                var stop = step.Effects.OfType<Drive>().Any();
                if (stop) return new AgentStep(step.Records, [.. step.Effects, new SendPeer(t.Destination, new("10.0.0.1", 7500, null), new Coordinator.Shared.Contracts.PeerRefuse(t.Vm, t.Migration, t.Epoch))]);
            }

            return step;
        }
    }

    [Fact]
    public void Every_step_of_every_run_is_one_of_the_model()
    {
        var steps = 0L;
        var outside = 0L;
        for (var seed = 20_001UL; seed <= 20_300; seed++)
        {
            var run = new SimWorld(seed, SimOptions.Default).Run();
            Assert.DoesNotContain(run.Violations, v => v.Contains("conformance", StringComparison.Ordinal));
            steps += run.Seen["step judged by the model's rules"];
            outside += run.Seen["guest outside of the model"];
        }

        // Given that nearly all of them were followed to their end, else nothing was shown.
        Assert.True(steps > 300 * 500, $"only {steps} steps were judged");
        Assert.True(outside < 300, $"{outside} guests of 2,400 were left out");
    }

    [Fact]
    public void Two_persons_may_give_up_what_a_destination_wrote_before_it_was_lost()
    {
        // Given a seed in which a destination owns the guest, runs it unheard of for a while, and is destroyed and written off. (About one of
        // 20,000 seeds has it: when the simulator's draws change, look for another one by this count in `lm simulate -o json`.)
        const ulong seed = 10_310;

        // When the held migration is resolved in favour of the source's older copy
        var run = new SimWorld(seed, SimOptions.Default).Run();

        // Then that is no defect of the protocol, in the eyes of the world and of the model alike.
        Assert.Equal(1, run.Seen["a person gave up what the destination had written"]);
        Assert.Empty(run.Violations);
    }

    [Fact]
    public void The_last_word_on_an_old_attempt_may_come_while_a_newer_one_is_being_released()
    {
        // Given a source that hears of an aborted attempt only now, with RELEASED of the next one on its disk and that copy not destroyed yet
        var run = new SimWorld(2_015_441, SimOptions.Default).Run();

        // Then its REJECTED of the old one is nothing that the model forbids: the stopped copy is not that attempt's.
        Assert.Empty(run.Violations);
    }

    [Fact]
    public void A_transfer_that_failed_is_rejected_also_when_its_guest_has_died_meanwhile()
    {
        // Given a source whose agent stands still while its transfer fails after the pause, and then its guest dies
        var run = new SimWorld(90_057_582, SimOptions.Default).Run();

        // Then it hears of the failure first and rejects, whatever the destination holds: the guest is lost by right, and that is counted.
        Assert.Empty(run.Violations);
        Assert.True(run.Seen["rejected a copy that had just died"] > 0);
    }

    [Fact]
    public void A_step_that_harms_nobody_this_time_is_refused_all_the_same()
    {
        var run = new SimWorld(1, SimOptions.Default with { Mutation = new AsksTooEarly() }).Run();
        Assert.Contains(run.Violations, v => v.Contains("the destination is asked only when COMMIT may have left", StringComparison.Ordinal));
    }
}
