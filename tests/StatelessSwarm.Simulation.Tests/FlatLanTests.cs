using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>One LAN, one seed on it: scenario S2 of the baselines (seed up 25 Mbit/s, nodes 50/50, 64 MiB in 256 KiB pieces).</summary>
public sealed class FlatLanTests(ITestOutputHelper output)
{
    private const double Mbit = Run.Mbit;

    private static readonly Scenario Lan = new()
    {
        Name = "lan",
        Seeds = new Seeds { Site = 1, Up = 25 * Mbit, Down = 25 * Mbit },
        Sites = [new SiteGroup { Nodes = 16, LanUp = 50 * Mbit, LanDown = 50 * Mbit }],
        DeadlineSeconds = 300,
    };

    /// <summary>Seconds that the seed's uplink takes for one copy, with the headers of its packets.</summary>
    private static double Optimum => Lan.Image.Bytes * Link.Framing * 8 / (25 * Mbit);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lan_SixteenNodesOneSeed_SeedSendsOneCopyAndTheLastNodeIsNearTheOptimum(int seed)
    {
        var run = Run.Of(Lan, seed);
        output.WriteLine(run.Words(Optimum));
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.InRange(run.Report.SeedCopies, 1, 1.15);
        Assert.InRange(run.LastSeconds / Optimum, 1, 1.08);
    }

    /// <summary>
    /// Goal: foreign clients, who know no claims, get a seed's content while it sends it about once, and no later than from an ordinary
    /// seed. Method: the same swarm with both kinds of seed.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lan_SixteenForeignNodes_SuperSeedingSendsOneCopyAndTheLastNodeIsNotLater(int seed)
    {
        var (ordinaryCopies, ordinarySeconds) = RunForeign(seed, superSeeds: false);
        var (copies, seconds) = RunForeign(seed, superSeeds: true);
        output.WriteLine(
            $"ordinary: copies {ordinaryCopies:f3}, last {ordinarySeconds / Optimum:f3}; super: copies {copies:f3}, last {seconds / Optimum:f3}"
        );
        Assert.InRange(copies, 1, 1.10);
        Assert.True(seconds <= ordinarySeconds);
    }

    private static (double Copies, double Seconds) RunForeign(int seed, bool superSeeds)
    {
        var scenario = Lan with { Limits = new NodeLimits { UsesClaims = false }, Seeds = Lan.Seeds with { SuperSeeds = superSeeds } };
        var run = Run.Of(scenario, seed);
        Assert.True(run.IsGood, run.FirstBreach);
        return (run.Report.SeedCopies, run.LastSeconds);
    }
}
