using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>A seed and branch offices behind slow WAN links: each office fetches the image once.</summary>
public sealed class BranchOfficeTests(ITestOutputHelper output)
{
    private const double Mbit = Run.Mbit;
    private static readonly Image Whole = new() { Bytes = 64 << 20 };
    private static readonly Image Small = new() { Bytes = 16 << 20 };

    /// <summary>Scenario S3 of the baselines: seed 100 Mbit/s, 4 sites of 6 nodes behind 20 down / 10 up, LAN 200 Mbit/s.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 10)]
    public void Branches_FourSites_EachWanCarriesOneCopy(int seed, double delayMs)
    {
        var run = Run.Of(Branches(Whole, sites: 4, nodes: 6, 20 * Mbit, 10 * Mbit, delayMs), seed);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.All(run.WanCopies, copies => Assert.InRange(copies, 1, 1.05));
        Assert.InRange(run.LastSeconds / Optimum(Whole, 20 * Mbit), 1, 1.25);
    }

    /// <summary>The demo's shape: seed 100 Mbit/s, two sites of three nodes behind 20 Mbit/s each way.</summary>
    [Fact]
    public void Branches_TwoSitesOfThree_SeedSendsAtMostTwoCopies()
    {
        var run = Run.Of(Branches(Whole, sites: 2, nodes: 3, 20 * Mbit, 20 * Mbit, 5), 7);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.InRange(run.Report.SeedCopies, 1, 2);
        Assert.All(run.WanCopies, copies => Assert.InRange(copies, 1, 1.05));
        Assert.InRange(run.LastSeconds / Optimum(Whole, 20 * Mbit), 1, 1.25);
    }

    /// <summary>
    /// Goal: what a node had claimed is fetched by others once it is dead. Method: in the second third of the download one node
    /// of each site is killed (connections close) and another one freezes (they stay open).
    /// </summary>
    [Fact]
    public void Branches_ClaimantsDieAndFreeze_TheOthersTakeOver()
    {
        var scenario = Branches(Whole, sites: 2, nodes: 6, 20 * Mbit, 10 * Mbit, 5) with
        {
            Faults =
            [
                new Fault { Kind = FaultKind.Crash, AtSeconds = 10, Site = 1, Node = 1 },
                new Fault { Kind = FaultKind.Freeze, AtSeconds = 11, Site = 1, Node = 2 },
                new Fault { Kind = FaultKind.Crash, AtSeconds = 12, Site = 2, Node = 1 },
                new Fault { Kind = FaultKind.Freeze, AtSeconds = 13, Site = 2, Node = 2 },
            ],
        };
        var run = Run.Of(scenario, 11);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.True(run.Report.Takeovers["Died"] > 0);
        Assert.All(run.WanCopies, copies => Assert.InRange(copies, 1, 1.05));
        Assert.InRange(run.LastSeconds / Optimum(Whole, 20 * Mbit), 1, 1.4);
    }

    /// <summary>A neighbour that is connected but dead to the world costs its site little.</summary>
    [Fact]
    public void Branches_OnlyNeighbourFreezesEarly_TheOtherKeepsItsPace()
    {
        var scenario = Branches(Small, sites: 1, nodes: 2, 20 * Mbit, 10 * Mbit, 5) with
        {
            Faults = [new Fault { Kind = FaultKind.Freeze, AtSeconds = 1, Site = 1, Node = 1 }],
        };
        var run = Run.Of(scenario, 5);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        // Six seconds to find out, three for the claims.
        Assert.InRange(run.LastSeconds, 6.7, 18);
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
        var scenario = Branches(Whole, sites: 1, nodes, 20 * Mbit, 20 * Mbit, 5) with
        {
            Faults = [new Fault { Kind = FaultKind.SlowDown, Site = 1, Node = nodes, Rate = downMbit * Mbit }],
            DeadlineSeconds = 900,
        };
        var run = Run.Of(scenario, seed);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        var optimum = Optimum(Whole, 20 * Mbit);
        var others = run.Leechers.Take(nodes - 1).Max(node => node.DoneAt!.Value) / 1e9;
        output.WriteLine($"the others: {others:f2} s, ratio {others / optimum:f3}");
        Assert.InRange(others / optimum, 1, 1.25);
        Assert.InRange(run.Report.WanCopiesMax, 1, 1.05);
    }

    /// <summary>Without claims the same site brings the image in several times: what the claims are for.</summary>
    [Fact]
    public void Branches_WithoutClaims_WanCarriesMoreThanWithThem()
    {
        var scenario = Branches(Small, sites: 1, nodes: 6, 20 * Mbit, 10 * Mbit, 5) with { Limits = new NodeLimits { UsesClaims = false } };
        var run = Run.Of(scenario, 3);
        Report(run, 20 * Mbit);
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.True(run.Report.WanCopiesMax > 1.1);
    }

    private static Scenario Branches(Image image, int sites, int nodes, double down, double up, double delayMs) =>
        new()
        {
            Name = "branches",
            Image = image,
            Seeds = new Seeds { Up = 100 * Mbit, Down = 100 * Mbit, DelayMs = delayMs },
            Sites =
            [
                new SiteGroup { Count = sites, Nodes = nodes, LanUp = 200 * Mbit, LanDown = 200 * Mbit, WanDown = down, WanUp = up, DelayMs = delayMs },
            ],
            DeadlineSeconds = 200,
        };

    private static double Optimum(Image image, double down) => image.Bytes * 8 / down;

    private void Report(Run run, double down) => output.WriteLine(run.Words(Optimum(run.Swarm.Scenario.Image, down)));
}
