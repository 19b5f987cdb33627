using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>Fifty engines in one process on a virtual network and clock.</summary>
public sealed class DeterminismTests(ITestOutputHelper output)
{
    private const double Mbit = Run.Mbit;

    /// <summary>
    /// Goal: a run is a function of its scenario and number, and not of the threads it runs on. Method: one seed and 49 nodes in five sites,
    /// with a fault of each kind that leaves everybody able to finish, run to completion; everything that happens goes into a hash.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Swarm_FiftyEnginesTwice_SameNumberSameHashOtherNumberOtherHash(bool isV1)
    {
        var first = RunOnce(50, isV1, 1);
        var again = RunOnce(50, isV1, 3);
        var other = RunOnce(51, isV1, 1);
        Assert.Equal(first.Report.Hash, again.Report.Hash);
        Assert.Equal(first.Report.Events, again.Report.Events);
        Assert.Equal(first.Leechers.Select(node => node.DoneAt), again.Leechers.Select(node => node.DoneAt));
        Assert.NotEqual(first.Report.Hash, other.Report.Hash);
    }

    private Run RunOnce(int seed, bool isV1, int threads)
    {
        var scenario = new Scenario
        {
            Name = "fifty",
            Image = new Image { Bytes = 16 << 20, IsV1 = isV1 },
            Seeds = new Seeds { DelayMs = 2 },
            Sites = [.. Enumerable.Range(0, 5).Select(NewSite)],
            Faults =
            [
                new Fault { Kind = FaultKind.Churn, AtSeconds = 2, UntilSeconds = 6, Nodes = 4, ForSeconds = 2 },
                new Fault { Kind = FaultKind.Freeze, AtSeconds = 3, ForSeconds = 4, Nodes = 2 },
                new Fault { Kind = FaultKind.Partition, Site = 2, AtSeconds = 2, ForSeconds = 2 },
                new Fault { Kind = FaultKind.Lie, Nodes = 1 },
                new Fault { Kind = FaultKind.Skew, Nodes = 3, Skew = 0.01 },
                new Fault { Kind = FaultKind.SlowDisk, Nodes = 1, Rate = 160 * Mbit },
                new Fault { Kind = FaultKind.Split, Site = 3, Nodes = 4, AtSeconds = 2, ForSeconds = 2 },
            ],
            DeadlineSeconds = 300,
        };
        Assert.Equal(49, scenario.NodeCount);
        var run = Run.Of(scenario, seed, threads);
        output.WriteLine($"number {seed}, {threads} threads: {run.Words(scenario.Image.Bytes * 8 / (20 * Mbit))}, hash {run.Report.Hash}");
        Assert.True(run.IsGood, run.FirstBreach);
        return run;
    }

    private static SiteGroup NewSite(int site) =>
        new()
        {
            Nodes = site == 4 ? 9 : 10,
            LanUp = 100 * Mbit,
            LanDown = 100 * Mbit,
            WanDown = 20 * Mbit,
            WanUp = 10 * Mbit,
            DelayMs = 2 + 3 * site,
        };
}
