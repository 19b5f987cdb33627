using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Simulation.Tests.Networks;
using StatelessSwarm.Simulation.Tests.Swarms;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>
/// Budgets on the virtual network: what crosses the WAN link in any ten seconds is at most 1.02 of the site's budget, and at least 0.93
/// of it while anybody needs more.
/// </summary>
public sealed class SiteBudgetTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6;
    private const long Budget = 1_000_000;
    private const long WindowSeconds = 10;
    private const long StepMs = 100;

    private readonly List<long> _carried = [];

    /// <summary>A node's own limit, alone at its site.</summary>
    [Fact]
    public void Node_WanDownLimit_IsUsedAndKept()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(24 << 20, 256 << 10), 1);
        var branch = AddBranch(swarm, 1, TransferLimits.None with { WanDown = Budget });
        StartAt(swarm, swarm.Nodes[1], 0.1);
        Watch(swarm, branch);
        Assert.True(swarm.Run(200));
        AssertWithin(1, swarm.LastNodeSeconds);
    }

    /// <summary>Five members start together and fetch until all is there.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Site_FiveMembers_ShareTheBudget(int seed)
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(32 << 20, 256 << 10), seed);
        var branch = AddBranch(swarm, 5, TransferLimits.None with { SiteWanDown = Budget });
        for (var node = 1; node <= 5; node++)
            StartAt(swarm, swarm.Nodes[node], 0.05 * node);
        Watch(swarm, branch);
        Assert.True(swarm.Run(300));
        output.WriteLine($"copies {swarm.CopiesInto(branch):f4}");
        AssertWithin(3, swarm.LastNodeSeconds - 1);
        Assert.InRange(swarm.CopiesInto(branch), 1, 1.03);
    }

    /// <summary>
    /// Goal: the sum holds while members come and go. Method: two members start, three more join at 12, 13 and 25 s; one is killed at 35 s
    /// (its connections close), one freezes at 50 s (they stay open).
    /// </summary>
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Site_MembersComeAndGo_TheSumHolds(int seed)
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(80 << 20, 256 << 10), seed);
        var branch = AddBranch(swarm, 5, TransferLimits.None with { SiteWanDown = Budget });
        double[] starts = [0.1, 0.2, 12, 13, 25];
        for (var node = 1; node <= 5; node++)
            StartAt(swarm, swarm.Nodes[node], starts[node - 1]);
        swarm.Events.At((long)35e9, swarm.Nodes[1].Kill);
        swarm.Events.At((long)50e9, () => swarm.Nodes[3].IsFrozen = true);
        Watch(swarm, branch);
        Assert.True(swarm.Run(400));
        output.WriteLine($"copies {swarm.CopiesInto(branch):f4}");
        AssertWithin(3, swarm.LastNodeSeconds - 2);
        Assert.InRange(swarm.CopiesInto(branch), 1, 1.05);
    }

    /// <summary>A small budget is not cut into crumbs: as many members fetch as get a useful share, and the site is done in time.</summary>
    [Fact]
    public void Site_SmallBudget_FewMembersFetch()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(4 << 20, 256 << 10), 8);
        var branch = AddBranch(swarm, 8, TransferLimits.None with { SiteWanDown = 64 * 1024 });
        for (var node = 1; node <= 8; node++)
            StartAt(swarm, swarm.Nodes[node], 0.05 * node);
        Assert.True(swarm.Run(300));
        var optimum = (4 << 20) / (64.0 * 1024);
        output.WriteLine($"last {swarm.LastNodeSeconds:f1} s of {optimum:f1} s, copies {swarm.CopiesInto(branch):f3}");
        Assert.InRange(swarm.LastNodeSeconds / optimum, 1, 1.25);
        Assert.InRange(swarm.CopiesInto(branch), 1, 1.1);
    }

    /// <summary>Limits change while the transfer runs: off, then back on.</summary>
    [Fact]
    public void Node_LimitsChangeOnTheWay_AreFollowed()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(16 << 20, 256 << 10), 9);
        var branch = AddBranch(swarm, 1, TransferLimits.None with { WanDown = Budget });
        var node = swarm.Nodes[1];
        StartAt(swarm, node, 0.1);
        long atOff = 0, atOn = 0;
        swarm.Events.At((long)5e9, () => node.Options.Budget!.Limits = TransferLimits.None with { WanDown = 0 });
        swarm.Events.At((long)6e9, () => atOff = branch.PayloadIn);
        swarm.Events.At((long)12e9, () =>
        {
            atOn = branch.PayloadIn;
            node.Options.Budget!.Limits = TransferLimits.None;
        });
        Assert.True(swarm.Run(60));
        output.WriteLine($"off {atOff}, on {atOn}, done {swarm.LastNodeSeconds:f2} s");
        Assert.InRange(atOff, 4 * Budget, 5 * Budget);
        Assert.Equal(atOff, atOn);
        // 20 Mbit/s for what is left.
        Assert.InRange(swarm.LastNodeSeconds, 12 + ((16 << 20) - atOn) / 2.5e6, 12 + ((16 << 20) - atOn) / 2.5e6 * 1.2 + 0.5);
    }

    /// <summary>A limit for neighbours holds beside an unlimited WAN.</summary>
    [Fact]
    public void Node_LanDownLimit_IsKept()
    {
        using var swarm = new SimSwarm(new SyntheticTorrent(8 << 20, 256 << 10), 10);
        var site = swarm.AddSite(1000 * Mbit, 1000 * Mbit, 0.1);
        swarm.AddNode(site, 100 * Mbit, 100 * Mbit);
        Add(swarm, site, TransferLimits.None with { LanDown = Budget });
        StartAt(swarm, swarm.Seed, 0);
        StartAt(swarm, swarm.Nodes[1], 0.1);
        Assert.True(swarm.Run(60));
        Assert.InRange(swarm.LastNodeSeconds, (8 << 20) / 1.02e6, (8 << 20) / 0.93e6 + 1);
    }

    private static Site AddBranch(SimSwarm swarm, int nodes, TransferLimits limits)
    {
        var home = swarm.AddSite(1e9, 1e9, 5);
        swarm.AddNode(home, 100 * Mbit, 100 * Mbit);
        StartAt(swarm, swarm.Seed, 0);
        var branch = swarm.AddSite(20 * Mbit, 10 * Mbit, 5);
        for (var node = 0; node < nodes; node++)
            Add(swarm, branch, limits);
        return branch;
    }

    private static void Add(SimSwarm swarm, Site site, TransferLimits limits) =>
        swarm.AddNode(site, 200 * Mbit, 200 * Mbit, options => options with { Budget = new NodeBudget(swarm.Clock) { Limits = limits } });

    /// <summary>Starts a node, which then hears of those that run, and they of it.</summary>
    private static void StartAt(SimSwarm swarm, SimNode node, double seconds) =>
        swarm.Events.At(
            (long)(seconds * 1e9),
            () =>
            {
                node.Start(node == swarm.Seed);
                foreach (var other in swarm.Nodes.Where(other => other != node && other is { IsStarted: true, IsDead: false }))
                    swarm.Events.After(50_000_000, () => node.Discover(other));
            }
        );

    private void Watch(SimSwarm swarm, Site site)
    {
        _carried.Add(site.PayloadIn);
        swarm.Events.After(StepMs * 1_000_000, () => Watch(swarm, site));
    }

    /// <summary>Every window of ten seconds; the lower bound from <paramref name="from"/> to <paramref name="to"/>, in seconds.</summary>
    private void AssertWithin(double from, double to)
    {
        const int Steps = (int)(WindowSeconds * 1000 / StepMs);
        double most = 0, least = double.MaxValue;
        for (var start = 0; start + Steps < _carried.Count; start++)
        {
            var share = (double)(_carried[start + Steps] - _carried[start]) / (Budget * WindowSeconds);
            most = Math.Max(most, share);
            var begins = start * StepMs / 1000.0;
            if (begins >= from && begins + WindowSeconds <= to)
                least = Math.Min(least, share);
        }
        output.WriteLine($"in any {WindowSeconds} s: most {most:f4}, least {least:f4} of the budget; {_carried.Count * StepMs / 1000.0:f1} s");
        Assert.InRange(most, 0, 1.02);
        Assert.InRange(least, 0.93, 1.02);
    }
}
