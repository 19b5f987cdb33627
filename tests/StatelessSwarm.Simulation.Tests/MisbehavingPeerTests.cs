using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Simulation.Tests.Swarms;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>One bad node in a LAN of ten.</summary>
public sealed class MisbehavingPeerTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6;
    private static readonly SyntheticTorrent Torrent = new(32 << 20, 256 << 10);

    [Fact]
    public void Lan_LiarAmongThem_IsDroppedByWhomItLiedToAndEveryoneFinishes()
    {
        using var swarm = NewLan(21);
        var liar = swarm.Nodes[3];
        liar.Lies = block => block.Begin == 0;
        swarm.StartAll();
        Assert.True(swarm.Run(120));
        Report(swarm);
        var droppers = swarm.Leechers.Count(node => node.Dropped.Contains((PeerFault.WrongData, liar)));
        Assert.InRange(droppers, 1, 9);
        Assert.All(
            swarm.Leechers.SelectMany(node => node.Dropped).Where(drop => drop.Fault == PeerFault.WrongData),
            drop => Assert.Equal(liar, drop.Peer)
        );
    }

    /// <summary>
    /// Goal: a v1-only torrent, whose blocks carry no hashes, comes through with a liar in the swarm, and no honest node is thrown out.
    /// Method: one node of ten spoils the first block of whatever it serves; checks take a while, and nodes are hit by mixed pieces too.
    /// </summary>
    [Fact]
    public void Lan_LiarInAV1OnlyTorrent_EveryoneFinishesAndOnlyItIsDropped()
    {
        using var swarm = NewLan(21, isV1: true);
        var liar = swarm.Nodes[3];
        liar.Lies = block => block.Begin == 0;
        swarm.StartAll();
        Assert.True(swarm.Run(120));
        Report(swarm);
        Assert.InRange(swarm.Leechers.Count(node => node.Dropped.Contains((PeerFault.WrongData, liar))), 1, 9);
        Assert.All(
            swarm.Leechers.SelectMany(node => node.Dropped).Where(drop => drop.Fault == PeerFault.WrongData),
            drop => Assert.Equal(liar, drop.Peer)
        );
    }

    [Fact]
    public void Lan_StallingPeer_CostsTheOthersLittle()
    {
        using var whole = NewLan(22);
        whole.StartAll();
        Assert.True(whole.Run(120));
        Report(whole);

        using var swarm = NewLan(22);
        swarm.Nodes[3].Stalls = true;
        swarm.StartAll();
        Assert.True(swarm.Run(120));
        Report(swarm);
        Assert.InRange(swarm.LastNodeSeconds / whole.LastNodeSeconds, 0.5, 1.5);
    }

    [Fact]
    public void Lan_OneSlowNode_DoesNotHoldTheOthersBack()
    {
        using var swarm = NewLan(23);
        swarm.Nodes[4].Up.BytesPerSecond = 0.5 * Mbit / 8;
        swarm.StartAll();
        Assert.True(swarm.Run(200));
        Report(swarm);
        Assert.InRange(swarm.LastNodeSeconds * 25 * Mbit / 8 / Torrent.Info.ContentBytes, 1, 2);
    }

    [Fact]
    public void Lan_SeedDiesAfterOneCopy_TheOthersFinish()
    {
        using var swarm = NewLan(24);
        swarm.StartAll();
        var optimum = Torrent.Info.ContentBytes / (25 * Mbit / 8);
        swarm.Events.At((long)(optimum * 1.1 * 1e9), swarm.Seed.Kill);
        Assert.True(swarm.Run(120));
        Report(swarm);
    }

    private static SimSwarm NewLan(int seed, bool isV1 = false)
    {
        var swarm = new SimSwarm(Torrent, seed) { IsV1 = isV1 };
        var site = swarm.AddSite(1e9, 1e9, 5);
        swarm.AddNode(site, 25 * Mbit, 25 * Mbit);
        for (var node = 0; node < 10; node++)
            swarm.AddNode(site, 50 * Mbit, 50 * Mbit);
        return swarm;
    }

    private void Report(SimSwarm swarm) =>
        output.WriteLine(
            $"last {swarm.LastNodeSeconds:f2} s, optimum {Torrent.Info.ContentBytes * 8 / (25 * Mbit):f2} s, "
                + $"seed egress {swarm.CopiesFrom(swarm.Seed):f3}, wasted {swarm.WastedShare:f4}"
        );
}
