using StatelessSwarm.Simulation.Tests.Swarms;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>A seed and branch offices behind slow WAN links: each office fetches the image once.</summary>
public sealed class BranchOfficeTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6;
    private static readonly SyntheticTorrent Torrent = new(64 << 20, 256 << 10);

    /// <summary>Scenario S3 of the baselines: seed 100 Mbit/s, 4 sites of 6 nodes behind 20 down / 10 up, LAN 200 Mbit/s.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 10)]
    public void Branches_FourSites_EachWanCarriesOneCopy(int seed, double delayMs)
    {
        using var swarm = new SimSwarm(Torrent, seed);
        AddBranches(swarm, sites: 4, nodes: 6, 20 * Mbit, 10 * Mbit, delayMs);
        swarm.StartAll();
        var done = swarm.Run(200);
        Report(swarm, 20 * Mbit);
        Assert.True(done);
        Assert.All(swarm.Sites.Skip(1), site => Assert.InRange(swarm.CopiesInto(site), 1, 1.05));
        Assert.InRange(swarm.LastNodeSeconds / Optimum(20 * Mbit), 1, 1.25);
    }

    /// <summary>The demo's shape: seed 100 Mbit/s, two sites of three nodes behind 20 Mbit/s each way.</summary>
    [Fact]
    public void Branches_TwoSitesOfThree_SeedSendsAtMostTwoCopies()
    {
        using var swarm = new SimSwarm(Torrent, 7);
        AddBranches(swarm, sites: 2, nodes: 3, 20 * Mbit, 20 * Mbit, 5);
        swarm.StartAll();
        var done = swarm.Run(200);
        Report(swarm, 20 * Mbit);
        Assert.True(done);
        Assert.InRange(swarm.CopiesFrom(swarm.Seed), 1, 2);
        Assert.All(swarm.Sites.Skip(1), site => Assert.InRange(swarm.CopiesInto(site), 1, 1.05));
        Assert.InRange(swarm.LastNodeSeconds / Optimum(20 * Mbit), 1, 1.25);
    }

    /// <summary>
    /// Goal: what a node had claimed is fetched by others once it is dead. Method: in the second third of the download one node
    /// of each site is killed (connections close) and another one freezes (they stay open).
    /// </summary>
    [Fact]
    public void Branches_ClaimantsDieAndFreeze_TheOthersTakeOver()
    {
        using var swarm = new SimSwarm(Torrent, 11);
        AddBranches(swarm, sites: 2, nodes: 6, 20 * Mbit, 10 * Mbit, 5);
        swarm.StartAll();
        swarm.Events.At((long)10e9, swarm.Nodes[1].Kill);
        swarm.Events.At((long)11e9, () => swarm.Nodes[2].IsFrozen = true);
        swarm.Events.At((long)12e9, swarm.Nodes[7].Kill);
        swarm.Events.At((long)13e9, () => swarm.Nodes[8].IsFrozen = true);
        var done = swarm.Run(200);
        Report(swarm, 20 * Mbit);
        Assert.True(done);
        Assert.All(swarm.Sites.Skip(1), site => Assert.InRange(swarm.CopiesInto(site), 1, 1.05));
        Assert.InRange(swarm.LastNodeSeconds / Optimum(20 * Mbit), 1, 1.4);
    }

    /// <summary>A neighbour that is connected but dead to the world costs its site little.</summary>
    [Fact]
    public void Branches_OnlyNeighbourFreezesEarly_TheOtherKeepsItsPace()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(16 << 20, 256 << 10), 5);
        AddBranches(swarm, sites: 1, nodes: 2, 20 * Mbit, 10 * Mbit, 5);
        swarm.StartAll();
        swarm.Events.At((long)1e9, () => swarm.Nodes[1].IsFrozen = true);
        Assert.True(swarm.Run(200));
        Report(swarm, 20 * Mbit);
        // Six seconds to find out, three for the claims.
        Assert.InRange(swarm.LastNodeSeconds, 6.7, 18);
    }

    /// <summary>
    /// Goal: a member that takes slowly is no reason for the others to leave the WAN link idle. Method: a site of two, or of four,
    /// one of them behind a downlink slower than the WAN; the others must be done as if it were not there.
    /// </summary>
    [Theory]
    [InlineData(1, 2, 8)]
    [InlineData(2, 2, 8)]
    [InlineData(3, 2, 1)]
    [InlineData(4, 4, 8)]
    [InlineData(5, 4, 1)]
    public void Branches_OneMemberTakesSlowly_TheOthersKeepTheWanFull(int seed, int nodes, double downMbit)
    {
        using var swarm = new SimSwarm(Torrent, seed);
        AddBranches(swarm, sites: 1, nodes, 20 * Mbit, 20 * Mbit, 5);
        swarm.Nodes[^1].Down.BytesPerSecond = downMbit * Mbit / 8;
        swarm.StartAll();
        Assert.True(swarm.Run(700));
        Report(swarm, 20 * Mbit);
        var optimum = swarm.Torrent.Info.ContentBytes * 8 / (20 * Mbit);
        var others = swarm.Leechers.Take(nodes - 1).Max(node => node.DoneAt!.Value) / 1e9;
        output.WriteLine($"the others: {others:f2} s, ratio {others / optimum:f3}");
        Assert.InRange(others / optimum, 1, 1.2);
        Assert.InRange(swarm.CopiesInto(swarm.Sites[1]), 1, 1.05);
    }

    /// <summary>Without claims the same site brings the image in several times: what the claims are for.</summary>
    [Fact]
    public void Branches_WithoutClaims_WanCarriesMoreThanWithThem()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(16 << 20, 256 << 10), 3);
        AddBranches(swarm, sites: 1, nodes: 6, 20 * Mbit, 10 * Mbit, 5, options => options with { UsesClaims = false });
        swarm.StartAll();
        Assert.True(swarm.Run(200));
        Report(swarm, 20 * Mbit);
        Assert.True(swarm.CopiesInto(swarm.Sites[1]) > 1.1);
    }

    private static void AddBranches(
        SimSwarm swarm,
        int sites,
        int nodes,
        double down,
        double up,
        double delayMs,
        Func<Engine.Torrents.EngineOptions, Engine.Torrents.EngineOptions>? change = null
    )
    {
        var home = swarm.AddSite(1e9, 1e9, delayMs);
        swarm.AddNode(home, 100 * Mbit, 100 * Mbit, change);
        for (var site = 0; site < sites; site++)
        {
            var branch = swarm.AddSite(down, up, delayMs);
            for (var node = 0; node < nodes; node++)
                swarm.AddNode(branch, 200 * Mbit, 200 * Mbit, change);
        }
    }

    private static double Optimum(double down) => Torrent.Info.ContentBytes * 8 / down;

    private void Report(SimSwarm swarm, double down)
    {
        var optimum = swarm.Torrent.Info.ContentBytes * 8 / down;
        var copies = string.Join(' ', swarm.Sites.Skip(1).Select(site => $"{swarm.CopiesInto(site):f3}"));
        output.WriteLine(
            $"last {swarm.LastNodeSeconds:f2} s, optimum {optimum:f2} s, ratio {swarm.LastNodeSeconds / optimum:f3}, "
                + $"seed egress {swarm.CopiesFrom(swarm.Seed):f3}, WAN copies {copies}, wasted {swarm.WastedShare:f4}, "
                + $"{swarm.Log.Commands} commands, {swarm.Events.Handled} events"
        );
    }
}
