using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Simulation.Tests.Invariants;

/// <summary>A node broken on purpose, or an impossible demand, is noticed, with who and when.</summary>
public sealed class InvariantTests
{
    private const double Mbit = Run.Mbit;

    private static readonly Scenario Site = new()
    {
        Name = "site",
        Image = new Image { Bytes = 8 << 20, PieceBytes = 128 << 10 },
        Sites = [new SiteGroup { Nodes = 6, LanUp = 100 * Mbit, LanDown = 100 * Mbit, WanDown = 20 * Mbit, WanUp = 20 * Mbit, DelayMs = 5 }],
        DeadlineSeconds = 100,
    };

    [Fact]
    public void Site_NobodyBroken_NoRuleIsBroken() => Assert.True(Run.Of(Site, 1).IsGood);

    [Theory]
    [InlineData(Mutation.ServesUnverified, "node 1.2: serves block")]
    [InlineData(Mutation.Floods, "frames of node 1.2 wait for it, more than")]
    [InlineData(Mutation.AsksTwice, "node 1.2: asks for piece")]
    internal void Site_NodeBroken_BreachNamesIt(Mutation mutation, string expected)
    {
        var run = Run.Of(Site, 1, change: swarm => swarm.Nodes[2].Mutation = mutation);
        Assert.False(run.IsGood);
        Assert.Contains(run.Report.Breaches, breach => breach.Contains(expected, StringComparison.Ordinal));
        Assert.All(run.Swarm.Breaches, breach => Assert.InRange(breach.At, 1, VirtualSecond * 100));
    }

    [Fact]
    public void Site_DeadlineTooShort_BreachNamesWhoHasNotFinished()
    {
        var run = Run.Of(Site with { DeadlineSeconds = 2 }, 1);
        Assert.False(run.IsGood);
        Assert.Equal(6, run.Report.Breaches.Count(breach => breach.Contains("has not finished by the deadline", StringComparison.Ordinal)));
    }

    /// <summary>Nobody can finish what nobody has: that is not the nodes' fault.</summary>
    [Fact]
    public void Site_SeedDiesTooEarly_ContentIsLostAndNoRuleIsBroken()
    {
        var run = Run.Of(Site with { Faults = [new Fault { Kind = FaultKind.SeedDies, AtSeconds = 1 }] }, 1);
        Assert.False(run.Swarm.IsFinished);
        Assert.True(run.Report.IsContentLost);
        Assert.Empty(run.Report.Breaches);
    }

    [Fact]
    public void Site_ExpectationNotMet_IsNoGoodRun()
    {
        var run = Run.Of(Site with { Expect = new Expectation { WanCopies = 0.5, LastSeconds = 1 } }, 1);
        Assert.True(run.IsGood);
        Assert.False(run.Report.IsGood);
        Assert.Equal(2, run.Report.Breaches.Count);
    }

    private const long VirtualSecond = Sim.Networks.VirtualClock.Second;
}
