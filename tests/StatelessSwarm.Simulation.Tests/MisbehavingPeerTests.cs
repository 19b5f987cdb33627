using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>One bad node in a LAN of ten.</summary>
public sealed class MisbehavingPeerTests(ITestOutputHelper output)
{
    private const double Mbit = Run.Mbit;
    private const long Bytes = 32 << 20;

    private static double Optimum => Bytes * 8 / (25 * Mbit);

    /// <summary>
    /// Goal: the content comes through with a liar in the swarm, and no honest node is thrown out; v1-only torrents, whose blocks carry no
    /// hashes, included. Method: one node of ten spoils the first block of whatever it serves.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lan_LiarAmongThem_IsDroppedByWhomItLiedToAndEveryoneFinishes(bool isV1)
    {
        var run = RunLan(21, isV1, new Fault { Kind = FaultKind.Lie, Site = 1, Node = 3 });
        var liar = run.Leechers[2];
        Assert.True(liar.Lies);
        Assert.InRange(run.Leechers.Count(node => node.Dropped.Contains((PeerFault.WrongData, liar))), 1, 9);
        Assert.All(
            run.Leechers.SelectMany(node => node.Dropped).Where(drop => drop.Fault == PeerFault.WrongData),
            drop => Assert.Equal(liar, drop.Peer)
        );
    }

    [Fact]
    public void Lan_StallingPeer_CostsTheOthersLittle()
    {
        var whole = RunLan(22, false);
        var run = RunLan(22, false, new Fault { Kind = FaultKind.Stall, Site = 1, Node = 3 });
        Assert.InRange(run.LastSeconds / whole.LastSeconds, 0.5, 1.5);
    }

    /// <summary>The slow one itself may take longer: its own requests wait behind the blocks that its sockets have taken.</summary>
    [Fact]
    public void Lan_OneSlowNode_DoesNotHoldTheOthersBack()
    {
        var run = RunLan(23, false, new Fault { Kind = FaultKind.SlowUp, Site = 1, Node = 4, Rate = 0.5 * Mbit });
        var others = run.Leechers.Where(node => node.Name != "1.4").Max(node => node.DoneAt!.Value) / 1e9;
        Assert.InRange(others / Optimum, 1, 1.5);
    }

    [Fact]
    public void Lan_SeedDiesAfterOneCopy_TheOthersFinish() =>
        RunLan(24, false, new Fault { Kind = FaultKind.SeedDies, AtSeconds = Optimum * 1.15 });

    private Run RunLan(int seed, bool isV1, params Fault[] faults)
    {
        var scenario = new Scenario
        {
            Name = "lan10",
            Image = new Image { Bytes = Bytes, IsV1 = isV1 },
            Seeds = new Seeds { Site = 1, Up = 25 * Mbit, Down = 25 * Mbit },
            Sites = [new SiteGroup { Nodes = 10, LanUp = 50 * Mbit, LanDown = 50 * Mbit }],
            Faults = faults,
            DeadlineSeconds = 200,
        };
        var run = Run.Of(scenario, seed);
        output.WriteLine(run.Words(Optimum));
        Assert.True(run.IsGood, run.FirstBreach);
        return run;
    }
}
