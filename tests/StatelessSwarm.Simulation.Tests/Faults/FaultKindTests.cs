using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Simulation.Tests.Faults;

/// <summary>Every kind of fault does what it says, to whom it says, and nobody else is kept from finishing.</summary>
public sealed class FaultKindTests
{
    private const double Mbit = Run.Mbit;

    [Fact]
    public void Crash_WithRestart_NodeFinishesInItsSecondLifeWithWhatItHad()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Crash, AtSeconds = 2, ForSeconds = 3, Site = 1, Node = 2 });
        Assert.Equal(2, Node(run, "1.2").Life);
        Assert.True(Node(run, "1.2").DoneAt > 5e9);
        Assert.All(run.Leechers.Where(node => node.Name != "1.2"), node => Assert.Equal(1, node.Life));
        // What it had verified is not fetched again.
        Assert.InRange(run.Report.WanCopiesMax, 1, 1.1);
    }

    [Fact]
    public void Crash_WithoutRestart_NodeIsGoneAndTheOthersFinish()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Crash, AtSeconds = 1, Site = 1, Node = 2 });
        Assert.True(Node(run, "1.2").IsDead);
        Assert.Null(Node(run, "1.2").DoneAt);
    }

    [Fact]
    public void Power_OthersFindOutByThemselves()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Power, AtSeconds = 2, Site = 1, Node = 2 });
        Assert.True(Node(run, "1.2").IsSilent);
        // Nobody told them: their connections stay open.
        Assert.NotNull(Node(run, "1.1").PipeTo(Node(run, "1.2")));
    }

    [Fact]
    public void Churn_SomeNodesLiveTwice()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Churn, AtSeconds = 1, UntilSeconds = 3, ForSeconds = 1, Nodes = 3 });
        Assert.Equal(3, run.Leechers.Count(node => node.Life == 2));
    }

    [Fact]
    public void Freeze_ForAWhile_NodeFinishesAfterwards()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Freeze, AtSeconds = 1, ForSeconds = 12, Site = 1, Node = 2 });
        Assert.True(Node(run, "1.2").DoneAt > 13e9);
        Assert.All(run.Leechers.Where(node => node.Site.Index == 2), node => Assert.True(node.DoneAt < 13e9));
    }

    [Fact]
    public void Stall_NodeGivesNothing()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Stall, Site = 1, Node = 2 });
        Assert.Equal(0, Node(run, "1.2").SentPayload);
        Assert.True(Node(run, "1.3").SentPayload > 0);
    }

    [Fact]
    public void Lie_NodeIsThrownOut()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Lie, Site = 1, Node = 2 });
        var liar = Node(run, "1.2");
        Assert.Contains(run.Leechers, node => node.Dropped.Contains((PeerFault.WrongData, liar)));
        Assert.DoesNotContain(run.Leechers.SelectMany(node => node.Dropped), drop => drop.Fault == PeerFault.WrongData && drop.Peer != liar);
    }

    [Fact]
    public void Partition_OfASite_NothingPassesMeanwhile()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Partition, Site = 1, AtSeconds = 1, ForSeconds = 10 });
        Assert.All(run.Leechers.Where(node => node.Site.Index == 1), node => Assert.True(node.DoneAt > 11e9));
        Assert.All(run.Leechers.Where(node => node.Site.Index == 2), node => Assert.True(node.DoneAt < 11e9));
    }

    [Fact]
    public void Partition_OfANode_OnlyItWaits()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Partition, Site = 1, Node = 2, AtSeconds = 1, ForSeconds = 15 });
        Assert.True(Node(run, "1.2").DoneAt > 16e9);
        Assert.True(Node(run, "1.1").DoneAt < 16e9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Slow_NodeFinishesAtItsRate(bool isDisk)
    {
        // 8 MiB at 4 Mbit/s.
        var run = RunWith(new Fault { Kind = isDisk ? FaultKind.SlowDisk : FaultKind.SlowDown, Site = 1, Node = 2, Rate = 4 * Mbit });
        Assert.True(Node(run, "1.2").DoneAt > 15e9);
        Assert.True(Node(run, "1.1").DoneAt < 15e9);
    }

    [Fact]
    public void SlowUp_NodeGivesLess()
    {
        var run = RunWith(new Fault { Kind = FaultKind.SlowUp, Site = 1, Node = 2, Rate = 0.5 * Mbit });
        var others = run.Leechers.Where(node => node.Site.Index == 1 && node.Name != "1.2").Average(node => node.SentPayload);
        Assert.True(Node(run, "1.2").SentPayload < others);
    }

    [Fact]
    public void Skew_RunIsAnother()
    {
        var run = RunWith(new Fault { Kind = FaultKind.Skew, Site = 1, Node = 2, Skew = 0.05 });
        Assert.NotEqual(RunWith().Report.Hash, run.Report.Hash);
    }

    [Fact]
    public void SeedDies_AfterEveryoneHasIt_WhoComesLaterGetsItFromThem()
    {
        var run = RunWith(
            scenario => scenario with { Starts = new Starts { Waves = [new Wave(30, 0.3, 1)] } },
            new Fault { Kind = FaultKind.SeedDies, AtSeconds = 25 }
        );
        Assert.True(run.Swarm.Seed.IsDead);
        Assert.Contains(run.Leechers, node => node.StartAt > 29e9 && node.DoneAt > node.StartAt);
    }

    [Fact]
    public void TrackerDies_WithoutMulticast_WhoComesLaterKnowsOnlyTheSeed()
    {
        var late = RunWith(
            scenario => scenario with { HasMulticast = false, Starts = new Starts { Waves = [new Wave(20, 0.1, 0)] } },
            new Fault { Kind = FaultKind.TrackerDies, AtSeconds = 15 }
        );
        var node = late.Leechers.Single(leecher => leecher.StartAt > 19e9);
        Assert.All(late.Leechers.Where(other => other != node && other.Site == node.Site), other => Assert.Null(node.PipeTo(other)));
        Assert.NotNull(node.DoneAt);
    }

    private static SimNode Node(Run run, string name) => run.Leechers.Single(node => node.Name == name);

    private static Run RunWith(params Fault[] faults) => RunWith(scenario => scenario, faults);

    private static Run RunWith(Func<Scenario, Scenario> change, params Fault[] faults)
    {
        var scenario = new Scenario
        {
            Name = "two sites",
            Image = new Image { Bytes = 8 << 20, PieceBytes = 128 << 10 },
            Seeds = new Seeds { Up = 100 * Mbit },
            Sites = [new SiteGroup { Count = 2, Nodes = 5, LanUp = 100 * Mbit, LanDown = 100 * Mbit, WanDown = 20 * Mbit, WanUp = 20 * Mbit, DelayMs = 5 }],
            Faults = faults,
            DeadlineSeconds = 300,
        };
        var run = Run.Of(change(scenario), 3);
        Assert.True(run.IsGood, run.FirstBreach);
        return run;
    }
}
